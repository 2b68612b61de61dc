"""What every PDF is made with: letters of any script, shaped, measured and drawn."""
