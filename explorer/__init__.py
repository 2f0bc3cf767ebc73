"""Everything reactive: controls, views, labs and the page they live in."""
