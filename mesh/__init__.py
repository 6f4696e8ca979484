"""The mesh: Istio's resources, the one source, and the renderer that turns them into plain Envoy sidecars."""
