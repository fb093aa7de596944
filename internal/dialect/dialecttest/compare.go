package dialecttest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// requestIDForm is the form of an X-Request-Id (rulings, "Rules that hold in all four").
const requestIDForm = `{{like "[A-Za-z0-9._-]{1,128}"}}`

// compare holds an answer against what a case says of it.
func (s *Server) compare(d *Dialect, want *step, got *Answer) error {
	if got.Status != want.status {
		return fmt.Errorf("status %d, want %d", got.Status, want.status)
	}
	wanted := map[string][]string{"X-Request-Id": {requestIDForm}}
	for name, value := range d.Always {
		wanted[http.CanonicalHeaderKey(name)] = []string{value}
	}
	named := map[string][]string{}
	for _, h := range want.headers {
		name := http.CanonicalHeaderKey(h.name)
		named[name] = append(named[name], h.value)
		wanted[name] = named[name]
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if err := s.compareHeader(name, wanted[name], got.Header.Values(name)); err != nil {
			return err
		}
	}
	return s.compareBody(want.body, string(got.Body))
}

func (s *Server) compareHeader(name string, want, got []string) error {
	for i, text := range want {
		tmpl, err := parseTemplate(text)
		if err != nil {
			return err
		}
		if tmpl.isNone() {
			want = nil
			break
		}
		if i >= len(got) {
			break
		}
		if ok, err := tmpl.match(got[i], s.Vars); err != nil || !ok {
			return fmt.Errorf("header %s is %q, want %q (%v)", name, got[i], text, err)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("header %s is %q, want %q", name, got, want)
	}
	return nil
}

func (s *Server) compareBody(want, got string) error {
	if strings.Contains(want, "\n") && (want[0] == '{' || want[0] == '[') {
		want = squeeze(want)
	}
	tmpl, err := parseTemplate(want)
	if err != nil {
		return err
	}
	ok, err := tmpl.match(got, s.Vars)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("body is\n%s\nwant\n%s", got, want)
	}
	return nil
}
