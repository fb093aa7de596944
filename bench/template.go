//go:build linux

package main

import (
	"fmt"
	"strings"
)

// Placeholders of a request template. Each stands for a fixed number of decimal digits, so that a request is built
// once per connection and only its digits are patched afterwards.
const (
	placeholderID       = "{id}"  // 10 digits: the customer's id
	placeholderSequence = "{seq}" // 10 digits: a number that no two requests of a run share
	placeholderPhone    = "{tel}" // 4 digits: the end of a phone number that belongs to the id
	// placeholderUUID stands for 36 characters: one of the template's values, which the id picks.
	placeholderUUID = "{uuid}"
)

const (
	idDigits    = 10
	phoneDigits = 4
	uuidLength  = 36
)

// patch is one place in a request whose digits change from request to request.
type patch struct {
	offset int
	kind   string
}

// template is a whole HTTP request as bytes, and where its digits go.
type template struct {
	bytes   []byte
	patches []patch
	values  []string
}

// parseTemplate replaces each placeholder of the text by zeros and remembers where it stood.
func parseTemplate(text string, values []string) template {
	t := template{values: values}
	for {
		at, kind := firstPlaceholder(text)
		if kind == "" {
			t.bytes = append(t.bytes, text...)
			return t
		}
		t.bytes = append(t.bytes, text[:at]...)
		t.patches = append(t.patches, patch{offset: len(t.bytes), kind: kind})
		t.bytes = append(t.bytes, strings.Repeat("0", digitsOf(kind))...)
		text = text[at+len(kind):]
	}
}

func firstPlaceholder(text string) (at int, kind string) {
	at = len(text)
	for _, candidate := range []string{placeholderID, placeholderSequence, placeholderPhone, placeholderUUID} {
		if i := strings.Index(text, candidate); i >= 0 && i < at {
			at, kind = i, candidate
		}
	}
	return at, kind
}

func digitsOf(kind string) int {
	switch kind {
	case placeholderPhone:
		return phoneDigits
	case placeholderUUID:
		return uuidLength
	}
	return idDigits
}

// fill writes the id and the sequence number into request, a copy of the template's bytes.
func (t template) fill(request []byte, id, sequence int64) {
	for _, p := range t.patches {
		if p.kind == placeholderUUID {
			copy(request[p.offset:p.offset+uuidLength], t.values[id%int64(len(t.values))])
			continue
		}
		value := id
		if p.kind == placeholderSequence {
			value = sequence
		}
		putDigits(request[p.offset:p.offset+digitsOf(p.kind)], value)
	}
}

// putDigits writes the last len(to) decimal digits of value, with leading zeros.
func putDigits(to []byte, value int64) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + value%10)
		value /= 10
	}
}

// requestText is the HTTP/1.1 request for the workload, still with placeholders; credentials fill the path
// and the header lines, and the content length counts the digits that the placeholders stand for.
func requestText(w workload, host string, credentials map[string]string) string {
	var text strings.Builder
	named := func(line string) string {
		for name, value := range credentials {
			line = strings.ReplaceAll(line, "{"+name+"}", value)
		}
		return line
	}
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", w.method, named(w.path), host)
	for _, line := range w.headers {
		text.WriteString(named(line) + "\r\n")
	}
	if w.body != "" {
		fmt.Fprintf(&text, "Content-Length: %d\r\n", len(parseTemplate(w.body, nil).bytes))
	}
	text.WriteString("\r\n" + w.body)
	return text.String()
}
