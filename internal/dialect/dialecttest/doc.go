// Package dialecttest runs the contract cases of a dialect: data files that read like the examples of its document.
//
// Every file of testdata/contract/*.txt runs against a server of its own, wired as the real one: a real store, intake,
// book, access, the dialect's routes, the middleware, a listener on loopback. The cases of a file share its projects and
// credentials and run one after the other; a case must pass alone too, so it uses customer ids of its own. Every answer
// is held against the dialect's OpenAPI description as well, and so is every request that the API accepted. The log may
// hold neither a secret nor anybody's e-mail address or phone number, no answer the cause of a failure, and a status that
// the description has and no case is answered with is a fault.
//
// # The format
//
//	=== The document's example creates a customer
//	# Document, section "Creating a customer".
//
//	>>> POST /entry
//	x-api-key: $KEY
//	content-type: application/json
//
//	{"customerId": 7519, "customerPhone": "+15853042456"}
//
//	<<< 201
//
//	{
//	    "statusCode": 201,
//	    "message": "OK - Created"
//	}
//
//	--- customer 7519
//	external_id: "7519"
//	phone: "+15853042456"
//	phone_e164: "+15853042456"
//	source: opm
//	version: 1
//
// A line that begins with "=== " starts a case and is its title; ">>> " is what is sent, "<<< " the answer to it, "--- " a
// step of another sort. A line that begins with "# ", or is "#", is a comment, everywhere. Below ">>> " and "<<< " stand
// headers, a blank line, and the body, whose last line has no line feed and which ends before the blank lines in front of
// the next marker.
//
// A request is sent byte for byte as it stands, a header written twice is sent twice. Host and Connection: close are
// added, and Content-Length where there is a body, unless the request states them. With Transfer-Encoding: chunked the
// body goes out in chunks of 7 bytes; with a Content-Length larger than the body, the sending side is closed behind it.
//
// An answer is compared as follows: the status; each header that is named, with all its values ({{none}}: the header is
// absent); the body, byte for byte, so that spelling and order of properties are held. No body means an empty one. An
// expected body of several lines that starts as a JSON object or array is compared without the white space between its
// tokens, as the documents' examples are printed with it.
//
// # Variables and actions
//
// $NAME stands for a variable: one that the dialect's test set (such as $KEY), $PROJECT and $OTHER_PROJECT, or one that an
// answer before was caught in. A dollar sign before anything but a capital letter is itself. An action is anywhere:
//
//	{{"a\x00\xff"}}     the text of a Go string literal: for odd bytes, and for what would be read as something else
//	{{repeat "ab" 3}}   ababab
//
// and in what is expected of an answer:
//
//	{{uuid}}            a UUID in canonical form
//	{{int}}             an integer in decimal digits
//	{{any}}             anything, but on one line and not empty; as little as possible
//	{{like "[a-f]+"}}   what matches the regular expression
//
// With a name behind it, as in {{uuid ID}}, the action catches what it matched in the variable.
//
// # Other steps
//
//	--- customer KEY [of PROJECT]    the book holds this customer, looked up by the partner's id: one line for each thing
//	                                 it has, and no other. Texts are JSON strings. "id" is compared where it is named.
//	--- no customer KEY [of PROJECT] the book holds no such customer
//	--- customer with id ID [of PROJECT] the same, looked up by our id
//	--- work                         the submissions that wait are carried out
//	--- clock +90s                   from now on it is so much later; also a time such as 2026-11-20T10:00:00Z
//	--- store unavailable            until the end of the case the store is full, or gone; also: fails, panics, works.
//	                                 A credential that was just used is believed without asking the store: move the clock.
//
// PROJECT is $PROJECT unless stated. A dialect's test adds steps of its own with [Dialect.Steps].
package dialecttest
