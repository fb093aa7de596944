package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const offerURL = "https://shop.example.com/offer?from=ads#form"

// newLinks makes a data directory with a campaign and a publisher in it, and returns the path of a link on them.
func newLinks(t testing.TB) (dir, link string) {
	t.Helper()
	dir, _ = newBook(t)
	campaign := command(t, "campaign", "create", "--project", "shop", "--name", "spring", "--landing-url", offerURL,
		"--data-dir", dir, "--json").object(t)
	publisher := command(t, "publisher", "create", "--name", "Kestrel Media", "--data-dir", dir, "--json").object(t)
	return dir, fmt.Sprintf("/click/%s/%s", campaign["uuid"], publisher["uuid"])
}

func TestCampaign_Commands(t *testing.T) {
	dir, link := newLinks(t)
	run := func(line string) outcome {
		return command(t, append(strings.Fields(line), "--data-dir", dir)...)
	}
	campaignUUID, publisherUUID := strings.Split(link, "/")[2], strings.Split(link, "/")[3]
	for _, c := range []struct {
		what, uuid string
		shown      map[string]any
	}{
		{"campaign", campaignUUID, map[string]any{"id": 1.0, "project": "shop", "name": "spring", "landingUrl": offerURL}},
		{"publisher", publisherUUID, map[string]any{"id": 1.0, "name": "Kestrel Media"}},
	} {
		state := func() any {
			list := run(c.what + " list --json").object(t)[c.what+"s"].([]any)
			shown := list[0].(map[string]any)
			state := shown["state"]
			if (shown["pausedAt"] != nil) != (state == "paused") {
				t.Errorf("%s: %v", c.what, shown)
			}
			for _, name := range []string{"state", "pausedAt", "createdAt"} {
				delete(shown, name)
			}
			c.shown["uuid"] = c.uuid
			if diff := cmp.Diff(c.shown, shown); diff != "" || len(list) != 1 {
				t.Errorf("%s list (-want +got):\n%s", c.what, diff)
			}
			return state
		}
		for _, step := range []struct{ line, id, want string }{
			{"pause", "1", "paused"},
			{"pause", "1", "paused"},
			{"resume", "1", "active"},
			{"pause", strings.ToUpper(c.uuid), "paused"},
			{"resume", c.uuid, "active"},
		} {
			got := run(c.what + " " + step.line + " " + step.id + " --json").object(t)
			if want := map[string]any{"id": 1.0, "state": step.want}; !cmp.Equal(want, got) || state() != step.want {
				t.Errorf("%s %s %s: %v, then %v", c.what, step.line, step.id, got, state())
			}
		}
		run(c.what+" pause 2").wants(t, exitFailed)
		run(c.what+" resume nobody").wants(t, exitFailed)
		if table := run(c.what+" list").wants(t, exitOK).stdout; !strings.Contains(table, c.uuid) {
			t.Errorf("%s list:\n%s", c.what, table)
		}
	}
	run("campaign create --project nobody --name x --landing-url "+offerURL).wants(t, exitFailed)
	for _, wrong := range []string{
		"campaign create --project shop --name x --landing-url shop.example.com", "campaign create --project shop --name x",
		"campaign create --project shop --name " + strings.Repeat("x", 101) + " --landing-url " + offerURL,
		"publisher create", "publisher create --name=", "campaign pause",
	} {
		run(wrong).wants(t, exitUsage)
	}
}

// still is a client that does not follow redirects.
func still(t testing.TB) *http.Client {
	c := kept(t)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

const (
	clickRounds      = 6
	clickConnections = 16
)

// TestKill_ActionsOfRedirectedClicksExist kills a server while visitors click, at a random moment, many times over: each
// action that a browser was sent on with is there afterwards.
func TestKill_ActionsOfRedirectedClicksExist(t *testing.T) {
	dir, link := newLinks(t)
	var all []string
	for range clickRounds {
		s := startServer(t, dir)
		fresh := clickUntilKilled(t, s, link)
		all = append(all, fresh...)
		if len(fresh) == 0 {
			t.Error("no click was answered before the kill")
		}
	}
	s := startServer(t, dir)
	if slices.Sort(all); len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("two of %d clicks have one action", len(all))
	}
	for _, action := range all {
		s.ask(request{method: http.MethodHead, url: "/api/v1/postback/wide_contact/" + action}).wants(t, http.StatusOK, "")
	}
	s.ask(request{url: "/api/v1/postback/wide_contact/" + all[0]}).wants(t, http.StatusOK, `{"success":true,"message":"","errors":[]}`)
	s.stop()
}

// clickUntilKilled clicks from many connections, kills the server in the midst of it, and returns the actions of the answers.
func clickUntilKilled(t testing.TB, s *server, link string) []string {
	t.Helper()
	var mu sync.Mutex
	var actions []string
	var answered atomic.Int64
	var killed atomic.Bool
	enough, moment := 1+rand.Int64N(200), time.Duration(rand.IntN(5000))*time.Microsecond
	var visitors sync.WaitGroup
	for range clickConnections {
		client := still(t)
		visitors.Go(func() {
			for {
				a, err := send(request{client: client, url: s.url + link})
				if err != nil {
					if !killed.Load() || os.IsTimeout(err) {
						t.Errorf("killed: %t: %v", killed.Load(), err)
					}
					return
				}
				to, err := url.Parse(a.header.Get("Location"))
				if err != nil || a.status != http.StatusFound || to.Fragment != "form" || to.Query().Get("from") != "ads" {
					t.Errorf("answer %d to %s", a.status, filepath.Base(a.header.Get("Location")))
					return
				}
				mu.Lock()
				actions = append(actions, to.Query().Get("utm_action"))
				mu.Unlock()
				if answered.Add(1) == enough {
					time.AfterFunc(moment, func() {
						killed.Store(true)
						_ = s.process.Process.Kill()
					})
				}
			}
		})
	}
	visitors.Wait()
	<-s.exited
	return actions
}
