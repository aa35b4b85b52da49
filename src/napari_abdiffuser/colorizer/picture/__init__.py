"""The open picture: painting, previews, insights and corrections."""
