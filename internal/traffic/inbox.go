package traffic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"clientele"
)

// The bounds of what is kept of a refused call, in bytes.
const (
	MaxBody   = 8 << 10
	MaxAnswer = 4 << 10
	maxTarget = 2 << 10
	maxWord   = 100 // of what a caller names: media type, field
)

// The bounds of what is taken in one minute on one server: of each credential, of each address whose caller is not known, and
// of all those together. Who calls more often than this gets the same answer each time.
const (
	capCredential = 60
	capAddress    = 20
	capUnknown    = 60
)

// maxQueue bounds what waits for the next Flush: at most 7 MB.
const maxQueue = 512

// inbox takes refused calls and hands them on.
type inbox struct {
	caps   caps
	queue  chan *caught
	capped total
	lost   total
}

func newInbox() inbox { return inbox{queue: make(chan *caught, maxQueue)} }

// caught is a refused call as it was seen: with its secrets, so it stays in memory until they are taken out.
type caught struct {
	refusal clientele.Refusal
	target  string
	body    []byte // at most maxRaw
	answer  []byte
	secrets []string
}

// maxRaw is how much of a body is looked at: more than is kept, so that a secret on the border is seen whole.
const maxRaw = MaxBody + 1<<10

// take hands a call over, unless its caller has had enough of them or nobody keeps up.
func (in *inbox) take(c *Call) {
	if !in.caps.allow(c) {
		in.capped.Add(1)
		return
	}
	select {
	case in.queue <- catch(c):
	default:
		in.lost.Add(1)
	}
}

// catch copies what is needed of a call.
func catch(c *Call) *caught {
	r, info := c.Request, c.Info
	k := &caught{
		refusal: clientele.Refusal{
			At: c.At, Dialect: info.Dialect, CredentialID: info.CredentialID, ProjectID: info.ProjectID, Method: knownMethod(r.Method),
			Route: c.Route, Status: c.Status, RequestID: info.ID, TraceID: info.TraceID, Media: r.Header.Get("Content-Type"),
			BodyBytes: max(-1, r.ContentLength), BodyState: clientele.BodyUnread, AnswerBytes: c.AnswerBytes,
		},
		target: r.RequestURI, answer: c.Answer, secrets: presented(r.Header),
	}
	if info.Err != nil {
		k.refusal.Kind = clientele.KindOf(info.Err).String()
		if e, ok := errors.AsType[*clientele.Error](info.Err); ok {
			k.refusal.Field = e.Field
		}
	}
	if info.Body != nil {
		k.refusal.BodyBytes = int64(len(info.Body))
		k.refusal.BodyState = clientele.BodyWhole
		k.body = bytes.Clone(info.Body[:min(len(info.Body), maxRaw)])
	}
	if k.refusal.BodyBytes == 0 {
		k.refusal.BodyState = clientele.BodyNone
	}
	return k
}

// knownMethod returns a request's method if it is a known one: a caller may send anything.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "other"
	}
}

// flush stores what waits, without secrets, and reports whether there was anything.
func (in *inbox) flush(ctx context.Context, s Store) (bool, error) {
	var list []clientele.Refusal
	for n := len(in.queue); n > 0; n-- {
		list = append(list, (<-in.queue).clean())
	}
	if len(list) == 0 {
		return false, nil
	}
	if err := s.PutRefusals(ctx, list, Bounds); err != nil {
		in.lost.Add(int64(len(list)))
		return false, fmt.Errorf("flush refused calls: %w", err)
	}
	return true, nil
}

// clean returns the refusal with all secrets taken out.
func (k *caught) clean() clientele.Refusal {
	r := k.refusal
	hide := newHider(k.secrets, r.TraceID)
	r.Target = clip(hide.target(r.Route, k.target), maxTarget)
	r.Media = clip(hide.text(r.Media), maxWord)
	r.Field = clip(hide.text(r.Field), maxWord)
	if hide.contains(r.RequestID) {
		r.RequestID = r.TraceID
	}
	switch cut := r.BodyBytes > int64(len(k.body)); {
	case r.BodyState != clientele.BodyWhole:
	case !isText(k.body, cut):
		r.BodyState = clientele.BodyBinary
	default:
		text := storable(k.body, cut)
		r.Body = clip(hide.text(text), MaxBody)
		if cut || len(hide.text(text)) > MaxBody {
			r.BodyState = clientele.BodyCut
		}
	}
	r.Answer = clip(hide.text(storable(k.answer, r.AnswerBytes > int64(len(k.answer)))), MaxAnswer)
	return r
}

// isText reports whether a body can be shown: UTF-8 without NUL. One that is cut may end within a character.
func isText(b []byte, cut bool) bool {
	if bytes.IndexByte(b, 0) >= 0 {
		return false
	}
	return utf8.Valid(b) || cut && utf8.Valid(bytes.TrimRightFunc(b, func(r rune) bool { return r == utf8.RuneError }))
}

// storable returns a text that can be stored. What is cut loses the word at its end, which may be the beginning of a secret.
func storable(b []byte, cut bool) string {
	text := strings.ToValidUTF8(strings.ReplaceAll(string(b), "\x00", ""), "")
	if cut {
		return strings.TrimRightFunc(text, isWord)
	}
	return text
}

// clip returns at most n bytes of a text, whole characters, and without the word at the end if it is cut.
func clip(text string, n int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD") // or the store would refuse all of a batch
	if len(text) <= n {
		return text
	}
	return strings.TrimRightFunc(strings.ToValidUTF8(text[:n], ""), isWord)
}

// isWord reports whether a character may be part of a secret.
func isWord(r rune) bool {
	return r == '-' || r == '_' || r == '~' || r == '%' || r == '\\' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}

// caps bounds how many refused calls are taken in a minute. The zero value is ready.
type caps struct {
	mu      sync.Mutex
	minute  int64
	unknown int
	taken   map[caller]int
}

// caller is a known one by its ids, or else an address.
type caller struct {
	credential int64
	project    int64
	address    string
}

func (c *caps) allow(call *Call) bool {
	minute := call.At.Unix() / int64(time.Minute/time.Second)
	who, most := caller{credential: call.Info.CredentialID, project: call.Info.ProjectID}, capCredential
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.minute != minute || c.taken == nil {
		c.minute, c.unknown, c.taken = minute, 0, map[caller]int{}
	}
	if who == (caller{}) {
		if c.unknown >= capUnknown {
			return false
		}
		who.address, most = origin(call), capAddress
	}
	if c.taken[who] >= most {
		return false
	}
	if who.address != "" {
		c.unknown++
	}
	c.taken[who]++
	return true
}

// ipv6Bits is how much of an IPv6 address one subscriber has.
const ipv6Bits = 64

// origin returns what is counted for the client of a call: its address as far as our own proxies tell, of IPv6 the /64; else
// that of the connection.
func origin(c *Call) string {
	a := c.Info.Client.Unmap()
	if !a.IsValid() {
		return host(c.Request.RemoteAddr)
	}
	if a.Is6() {
		p, _ := a.WithZone("").Prefix(ipv6Bits) // of an IPv6 address there is always one
		return p.String()
	}
	return a.String()
}

// host returns the address of a connection without its port; "?" for none.
func host(remote string) string {
	h, _, err := net.SplitHostPort(remote)
	if err != nil || h == "" {
		return "?"
	}
	return h
}
