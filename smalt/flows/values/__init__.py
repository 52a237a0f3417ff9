"""Values that flows take and give: images, streams, and what JSON can hold of them."""
