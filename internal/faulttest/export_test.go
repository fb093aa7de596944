package faulttest

// Binary returns the program under test.
func Binary() string { return binary }
