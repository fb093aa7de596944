// Package browsertest tests the console and the API reference as people see them: the real program, built once, in a real
// headless Chromium, on both stores. It holds tests only.
//
// A page is worked as a person works it: things are found by the role and the name that a screen reader announces, and
// clicked with the mouse where they stand. Everything the browser complains of is a fault: see watch_test.go. What axe-core
// complains of is a violation: see axe_test.go.
//
// With CLIENTELE_SCREENSHOTS=DIRECTORY the tests write the pictures of the README there: `make screenshots`.
package browsertest
