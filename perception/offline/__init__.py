"""Looking at recorded footage: the same eyes as beside a vehicle, fed from files, with every line written down."""
