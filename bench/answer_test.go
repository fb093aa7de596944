//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestParseAnswer(t *testing.T) {
	const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello\r\nwor\n\r\n2\r\nld\r\n0\r\n\r\n"
	const whole = "HTTP/1.1 201 Created\r\nDate: now\r\nContent-Length: 4\r\nX: y\r\n\r\nbody"
	for _, c := range []struct {
		name, text     string
		status, length int
	}{
		{"whole", whole, 201, len(whole)},
		{"more than whole", whole + "HTTP", 201, len(whole)},
		{"body incomplete", whole[:len(whole)-1], 201, 0},
		{"head incomplete", whole[:30], 0, 0},
		{"nothing", "", 0, 0},
		{"header name in lower case, no blank", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", 200, 37},
		{"length among other names", "HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-Length: 1\r\n\r\n.", 200, 60},
		{"chunks", chunks, 200, len(chunks)},
		{"more than the chunks", chunks + "HTTP", 200, len(chunks)},
		{"last chunk incomplete", chunks[:len(chunks)-1], 200, 0},
		{"no last chunk", chunks[:len(chunks)-5], 200, 0},
		{"chunk incomplete", chunks[:len(chunks)-20], 200, 0},
	} {
		status, length, err := parseAnswer([]byte(c.text))
		if err != nil || status != c.status || length != c.length {
			t.Errorf("%s: got %d, %d, %v; want %d, %d", c.name, status, length, err, c.status, c.length)
		}
	}
}

func TestParseAnswer_RefusesWhatItCannotMeasure(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"HTTP/1.1 200 OK\r\nX: y\r\n\r\n", "without Content-Length"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "not a chunk's size"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n", "not a chunk's size"},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not a Content-Length"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "too long"},
		{"HTTP/1.1 2xx OK\r\nContent-Length: 0\r\n\r\n", "not an HTTP status"},
		{"SSH-2.0 200 hello there\r\n\r\n", "not an HTTP answer"},
		{"HTTP\r\n\r\n", "not an HTTP answer"},
	} {
		_, _, err := parseAnswer([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
}

func TestTemplate_FillsEveryPlaceholder(t *testing.T) {
	tpl := parseTemplate("a{id}b{seq}c{tel}d{id}e{other}", nil)
	request := []byte(string(tpl.bytes))
	tpl.fill(request, 1_000_012_345, 67)
	if got, want := string(request), "a1000012345b0000000067c2345d1000012345e{other}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	tpl.fill(request, 1_000_000_009, 8)
	if got, want := string(request), "a1000000009b0000000008c0009d1000000009e{other}"; got != want {
		t.Errorf("filled again: got %s, want %s", got, want)
	}
}

func TestRequestText_CountsTheBodyAsItIsSent(t *testing.T) {
	w := workload{method: "POST", path: "/x", headers: []string{"key: {k}"}, body: `{"n":{id}}`}
	got := requestText(w, "host:1", map[string]string{"k": "secret"})
	want := "POST /x HTTP/1.1\r\nHost: host:1\r\nkey: secret\r\nContent-Length: 16\r\n\r\n" + `{"n":{id}}`
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	w.body = ""
	if got := requestText(w, "host:1", nil); strings.Contains(got, "Content-Length") {
		t.Errorf("a request without body says %q", got)
	}
}

func TestParseProc(t *testing.T) {
	stat := "7 (a) b) c) S 1 7 7 0 -1 4194560 1000 0 0 0 250 50 0 0 20 0 5 0 100 1000000 500"
	if got, err := parseCPU(stat); err != nil || got != 3 {
		t.Errorf("processor time is %v, %v; want 3 s", got, err)
	}
	if _, err := parseCPU("7 (a) S 1"); err == nil {
		t.Error("a short stat line was accepted")
	}
	machine := "cpu  100 20 30 5000 600 7 8 35 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
	if got, err := parseBusy(machine); err != nil || got != 2 {
		t.Errorf("busy time is %v, %v; want 2 s", got, err)
	}
	if _, err := parseBusy("cpu  1 2"); err == nil {
		t.Error("a short line for the machine was accepted")
	}
	if got, err := parseMemory("Name:\ta\nVmRSS:\t   2048 kB\nX:\t1\n", "VmRSS:"); err != nil || got != 2<<20 {
		t.Errorf("resident memory is %v, %v; want 2 MiB", got, err)
	}
	if _, err := parseMemory("Name:\ta\n", "VmRSS:"); err == nil {
		t.Error("a status without VmRSS was accepted")
	}
}
