package httpd

import (
	"bytes"
	"hash/maphash"
)

// head is what readHead finds.
type head struct {
	hash      uint64 // of all lines but those that name or measure the request
	requestID string // the caller's, if it is a sane one
}

var headSeed = maphash.MakeSeed()

var headEnd = []byte("\r\n\r\n")

// readHead looks at what was read from a connection. It is ok when that is one whole HTTP/1.1 request and nothing more, about
// whose end nobody can be of another opinion; what is doubtful is not.
func readHead(b []byte) (h head, ok bool) {
	end := bytes.Index(b, headEnd)
	if end < 0 {
		return head{}, false
	}
	var hash maphash.Hash
	hash.SetSeed(headSeed)
	length, lines, named := -1, b[:end+2], 0
	for first := true; len(lines) > 0; first = false {
		at := bytes.IndexByte(lines, '\n')
		line := lines[:at+1]
		lines = lines[at+1:]
		if at < 1 || line[at-1] != '\r' || !first && (line[0] == ' ' || line[0] == '\t') {
			return head{}, false
		}
		name, value, isField := bytes.Cut(line[:at-1], colon)
		switch {
		case first:
			if !bytes.HasSuffix(line, http11) {
				return head{}, false
			}
		case !isField, equalFold(name, "transfer-encoding"), equalFold(name, "expect"), equalFold(name, "upgrade"):
			return head{}, false
		case equalFold(name, "content-length"):
			n, valid := digits(bytes.Trim(value, " \t"))
			if !valid || length >= 0 {
				return head{}, false
			}
			length = n
			continue
		case equalFold(name, "x-request-id"):
			if named++; named > 1 {
				return head{}, false
			}
			if id := string(bytes.Trim(value, " \t")); isSaneID(id) {
				h.requestID = id
			}
			continue
		}
		_, _ = hash.Write(line) // it never fails
	}
	h.hash = hash.Sum64()
	return h, end+len(headEnd)+max(length, 0) == len(b)
}

var (
	colon  = []byte(":")
	http11 = []byte(" HTTP/1.1\r\n")
)

// equalFold compares with a name in lower case.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// digits reads a length that one read can hold.
func digits(b []byte) (n int, ok bool) {
	if len(b) == 0 || len(b) > 5 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
