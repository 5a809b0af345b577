"""The words of the features. Each step is the words, a call and, in a Then, a plain assert."""
