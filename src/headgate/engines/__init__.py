"""What runs the lab's nodes. One engine a file, all behind `engines.engine.Engine`."""
