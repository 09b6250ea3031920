"""The commands of `bloom`, one file each; `cli` puts them together."""
