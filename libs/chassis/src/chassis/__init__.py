"""What every service of Night Market needs once; see libs/chassis/README.md for the parts."""
