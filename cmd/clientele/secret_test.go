package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What the test sends as personal data. None of it may get anywhere but into the book.
const (
	secretEmail = "margarethe.q@example.com"
	secretPhone = "+12125550147"
	secretFirst = "Margarethe"
	secretLast  = "Quastenflosser"
	secretIP    = "198.51.100.77"
)

// secretWords returns what identifies the person whatever form it takes.
func secretWords() []string {
	return []string{"margarethe", "quastenflosser", "2125550147", "198.51.100.77", "q@example"}
}

// TestSecrets_AreNowhere uses keys well and badly, causes every error that a caller can, and looks for the keys in every
// byte that the server keeps or says, and for personal data in all that is not the book.
func TestSecrets_AreNowhere(t *testing.T) {
	dir, made := newBook(t)
	brought := "legacy-" + rand.Text()
	o := invocation{stdin: brought + "\n", args: []string{
		"key", "issue", "--data-dir", dir, "--project", "shop", "--dialect", "opm", "--name", "Old partner", "--secret-stdin",
	}}.run(t).wants(t, exitOK)
	if !strings.Contains(o.stdout, brought) {
		t.Fatalf("key issue does not show the key: %s", o.stdout)
	}
	id, old := issue(t, dir)
	rotated := keyOf(t, command(t, "key", "rotate", id, "--data-dir", dir, "--json").object(t))
	unknown := "opm_" + strings.ToLower(rand.Text()+rand.Text())
	s := startServer(t, dir, "--log-level", "debug", "--max-waiting", "1")
	keys := []string{made, brought, old, rotated, unknown}
	for _, key := range keys {
		misuse(t, s, key)
	}
	refuseFor503(t, s, made)
	metrics := s.ask(request{url: "/metrics"}).body
	served := filesOf(t, dir)
	command(t, "key", "revoke", id, "--data-dir", dir).wants(t, exitOK)
	lists := command(t, "key", "list", "--data-dir", dir).stdout + command(t, "key", "list", "--data-dir", dir, "--json").stdout
	s.entry(made, personOf("last")).wants(t, 201, createdBody)
	s.stop()
	command(t, "backup", filepath.Join(dir, "copy.db"), "--data-dir", dir).wants(t, exitOK)

	said := map[string]string{"stderr": s.stderr.String(), "stdout": s.stdout.String(), "metrics": metrics, "key list": lists}
	if n := strings.Count(said["stderr"], `"msg":"request"`); n < 20*len(keys) {
		t.Errorf("the log tells of %d requests", n)
	}
	kept := filesOf(t, dir)
	for name, content := range served {
		kept[name+" while it was served"] = content
	}
	if !bytes.Contains(kept["clientele.db"], []byte(secretEmail)) {
		t.Error("the book does not even hold what was sent")
	}
	for name, text := range said {
		kept[name] = []byte(text)
		for _, word := range secretWords() {
			if strings.Contains(strings.ToLower(text), word) {
				t.Errorf("%s holds personal data: %q", name, word)
			}
		}
	}
	for name, content := range kept {
		for i, key := range keys {
			if form := findSecret(content, key); form != "" {
				t.Errorf("%s holds key %d, %s", name, i, form)
			}
		}
	}
}

// personOf returns a body about the person.
func personOf(id string) string {
	return fmt.Sprintf(`{"customerId":%q,"customerEmail":%q,"customerPhone":%q,"customerFirstName":%q,"customerLastName":%q,"customerIP":%q}`,
		id, secretEmail, secretPhone, secretFirst, secretLast, secretIP)
}

// misuse sends the key with everything that can be wrong with a request, and with nothing wrong.
func misuse(t *testing.T, s *server, key string) {
	person := personOf("id-of-" + secretLast)
	big := strings.Repeat(person, 1000)
	for _, r := range []request{
		{url: "/ping"},
		{url: "/ping", key: key},
		{url: "/ping", key: key + "x"},
		{url: "/ping", header: map[string]string{"Authorization": "Bearer " + key}},
		{url: "/ping", header: map[string]string{"x-api-key": key + ", " + key}},
		{url: "/ping?x-api-key=" + key + "&mail=" + secretEmail},
		{url: "/" + secretEmail + "/" + key},
		{url: "/entry/" + secretPhone, key: key, body: person},
		{url: "/ping", key: key, method: "DELETE"},
		{url: "/ping", key: key, method: strings.ToUpper(secretFirst)},
		{url: "/entry", key: key, body: person},
		{url: "/entry", key: key, body: person + person},
		{url: "/entry", key: key, body: person[:len(person)-9]},
		{url: "/entry", key: key, body: `"` + secretEmail + `"`},
		{url: "/entry", key: key, body: `{"customerId":true,"customerEmail":"` + secretEmail + `"}`},
		{url: "/entry", key: key, body: `{"customerId":"` + secretLast + strings.Repeat("x", 300) + `","customerPhone":"1"}`},
		{url: "/entry", key: key, body: `{"customerId":"1","` + secretLast + `":1,"` + secretLast + `":2}`},
		{url: "/entry", key: key, body: big},
		{url: "/entry", key: key, body: person, header: map[string]string{"content-type": "text/" + secretLast}},
		{url: "/entry", key: key, body: person, header: map[string]string{"content-encoding": secretLast}},
		{url: "/entry", key: key, body: person, header: map[string]string{"idempotency-key": secretLast}},
		{url: "/entry", key: key, body: "{" + person[1:], header: map[string]string{"idempotency-key": secretLast}},
		{url: "/entry", key: key, body: personOf("other"), header: map[string]string{"idempotency-key": secretLast}},
		{url: "/healthz", header: map[string]string{"X-Request-Id": secretEmail}},
		{url: "/healthz", header: map[string]string{"Referer": "http://" + key, "User-Agent": secretEmail, "X-Forwarded-For": secretIP}},
	} {
		r.url = s.url + r.url
		if a, err := send(r); err != nil && len(r.body) < len(big) { // a server may cut off what is too large
			t.Errorf("%s %s: %v", r.method, r.url, err)
		} else if strings.Contains(a.body, key) && a.status != 404 { // which repeats the path, as the document's API does
			t.Errorf("answer %d holds the key: %s", a.status, a.body)
		}
	}
	address := strings.TrimPrefix(s.url, "http://")
	for _, raw := range []string{
		"GET /ping HTTP/1.1\r\nx-api-key: " + key + "\r\n\r\n",                                              // no Host
		"GET /ping HTTP/1.1\r\nHost: a\r\nx-api-key " + key + "\r\n\r\n",                                    // no colon
		"POST /entry HTTP/1.1\r\nHost: a\r\nContent-Length: " + key + "\r\n\r\n",                            // no number
		"GET /" + key + secretEmail + " HTTP/9.9\r\n\r\n",                                                   // no version
		"POST /entry HTTP/1.1\r\nHost: a\r\nx-api-key: " + key + "\r\nContent-Length: 500\r\n\r\n" + person, // cut off
	} {
		sendRaw(t, address, raw)
	}
}

// refuseFor503 sends the person many times at once to a server that lets one write wait, until one is answered 503.
func refuseFor503(t *testing.T, s *server, key string) {
	t.Helper()
	eventually(t, patience, "a write is answered 503", func() bool {
		var all sync.WaitGroup
		var refused atomic.Bool
		for i := range 16 {
			all.Go(func() {
				a, err := send(request{url: s.url + "/entry", key: key, body: personOf(fmt.Sprint("again-", i))})
				if err == nil && a.status == 503 && a.body == unavailableBody {
					refused.Store(true)
				}
			})
		}
		all.Wait()
		return refused.Load()
	})
}

// sendRaw sends bytes and closes the connection when the server has answered or has nothing to say.
func sendRaw(t *testing.T, address, raw string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, _ = conn.Read(make([]byte, 4096))
}

// filesOf returns the content of every file below dir, by name.
func filesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[d.Name()], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil || len(files) < 3 {
		t.Fatalf("read %s: %d files, %v", dir, len(files), err)
	}
	return files
}

// findSecret says in which form content holds the secret, or a piece of it; "" when it does not. Eight characters are kept
// in clear to recognise it by, so a piece is more than that.
func findSecret(content []byte, secret string) string {
	const piece = 12
	for i := range len(secret) - piece + 1 {
		if text := secret[i : i+piece]; bytes.Contains(content, []byte(text)) {
			return "as it is, from character " + fmt.Sprint(i)
		}
	}
	for form, text := range map[string]string{
		"in upper case": strings.ToUpper(secret),
		"in hex":        hex.EncodeToString([]byte(secret)),
		"in base64":     base64.StdEncoding.EncodeToString([]byte(secret)),
		"backwards":     reverse(secret),
	} {
		if bytes.Contains(content, []byte(text)) {
			return form
		}
	}
	return ""
}

func reverse(s string) string {
	var b strings.Builder
	for i := len(s) - 1; i >= 0; i-- {
		b.WriteByte(s[i])
	}
	return b.String()
}
