"""Flames as data: xforms, variations, palettes, view; `.flame` files of flam3, Ember and Fractorium; interpolation between flames."""
