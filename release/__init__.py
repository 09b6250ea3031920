"""What makes and checks Bloom's packages: wheels, the extension's zips, the repository index."""
