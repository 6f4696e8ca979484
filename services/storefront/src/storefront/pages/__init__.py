"""The pages: what a visitor asked for -> what the services say -> a template. Rules are in `domain`."""
