package browsertest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestDelivery_IsSentAgain looks at a delivery that the receiver refused, and sends it again when the receiver is well.
func TestDelivery_IsSentAgain(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			var isWell atomic.Bool
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if !isWell.Load() {
					http.Error(w, "out of order", http.StatusInternalServerError)
				}
			}))
			t.Cleanup(receiver.Close)
			b := w.book(t)
			b.run("project", "create", "shop")
			b.run("subscription", "create", "--project", "shop", "--allow-loopback-http", "--url", receiver.URL+"/events")
			s := b.serve("--allow-loopback-http")
			key := s.issue("--project", "shop", "--dialect", "opm", "--name", "Partner")["x-api-key"]
			if got := s.entry(key, `{"customerId":"1","customerEmail":"ada@example.com"}`); !strings.HasPrefix(got, "201 ") {
				t.Fatal(got)
			}

			p := logIn(t, s, "editor", w.look)
			s.until("there is a delivery", func() bool {
				p.Open("/console/p/1/deliveries")
				has, err := evaluate[bool](p.ctx, `document.querySelector('#list tbody tr') !== null`)
				return err == nil && has
			})
			p.check()
			p.Follow(css("#list tbody a"))
			s.until("the attempt is shown", func() bool {
				p.Open(p.Path())
				has, err := evaluate[bool](p.ctx, `document.body.innerText.includes('out of order')`)
				return err == nil && has
			})
			p.check()
			isWell.Store(true)
			p.Follow(button("Send again"))
			path := p.Path()
			s.until("it is delivered", func() bool {
				p.Open(path)
				has, err := evaluate[bool](p.ctx, `document.querySelector('.facts .badge.good') !== null`)
				return err == nil && has
			})
			p.check()
		})
	}
}
