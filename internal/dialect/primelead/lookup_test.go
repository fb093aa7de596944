package primelead_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"clientele/internal/dialect/dialecttest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// TestRefusals_AreAlike: unknown, foreign, disabled have the same answer, and cost the same look-ups, however often they are
// asked for. Otherwise the time an answer takes would tell them apart.
func TestRefusals_AreAlike(t *testing.T) {
	onEveryStore(t, func(t *testing.T, w *world) {
		unknown := uuid.NewString()
		foreignLead := w.newLead(t, w.foreign)
		update := func(lead string) string { return fmt.Sprintf(`{"actionUuid":%q,"customerType":"new"}`, lead) }
		register := func(campaign, publisher string) string {
			return fmt.Sprintf(`{"campaignUuid":%q,"publisherUuid":%q,"actionCreatedAt":"2026-11-01 08:00:00"}`, campaign, publisher)
		}
		type call struct{ method, path, body string }
		post := func(advertiser, body string) call {
			return call{http.MethodPost, "/api/v1/actions/" + advertiser, body}
		}
		click := func(method, campaign, publisher string) call {
			return call{method, "/click/" + campaign + "/" + publisher, ""}
		}
		for _, alike := range []struct {
			what   string
			status int
			calls  map[string]call
			cost   string // when it is no matter of course
		}{
			{"the action of an update", 403, map[string]call{
				"unknown": post(w.advertiser, update(unknown)), "foreign": post(w.advertiser, update(foreignLead)),
			}, ""},
			{"the advertiser", 403, map[string]call{
				"unknown": post(unknown, update(foreignLead)), "revoked": post(w.revoked, update(foreignLead)),
				"expired": post(w.expired, update(foreignLead)), "an action": post(foreignLead, update(foreignLead)),
			}, ""},
			{"the campaign of a registration", 422, map[string]call{
				"unknown": post(w.advertiser, register(unknown, w.publisher.UUID)),
				"foreign": post(w.advertiser, register(w.foreign.UUID, w.publisher.UUID)),
				"paused":  post(w.advertiser, register(w.paused.UUID, w.publisher.UUID)),
			}, ""},
			{"the publisher of a registration", 422, map[string]call{
				"unknown": post(w.advertiser, register(w.campaign.UUID, unknown)),
				"paused":  post(w.advertiser, register(w.campaign.UUID, w.resting.UUID)),
			}, ""},
			{"the campaign of a click", 404, map[string]call{
				"unknown": click(http.MethodGet, unknown, w.publisher.UUID), "paused": click(http.MethodGet, w.paused.UUID, w.publisher.UUID),
			}, ""},
			{"the publisher of a click", 404, map[string]call{
				"unknown": click(http.MethodGet, w.campaign.UUID, unknown), "paused": click(http.MethodGet, w.campaign.UUID, w.resting.UUID),
			}, ""},
			{"both of a click", 404, map[string]call{
				"unknown": click(http.MethodGet, unknown, uuid.NewString()), "paused": click(http.MethodGet, w.paused.UUID, w.resting.UUID),
			}, "0 credentials, 1 campaigns, 1 publishers, 0 leads, 0 projects, 0 commits"},
			{"HEAD on a click", 404, map[string]call{
				"unknown": click(http.MethodHead, unknown, w.publisher.UUID), "paused": click(http.MethodHead, w.paused.UUID, w.publisher.UUID),
			}, ""},
		} {
			client := follower()
			w.send(t, client, http.MethodPost, "/api/v1/actions/"+w.advertiser, "{}") // known from now on
			w.newLead(t, w.campaign)
			for round := range 2 {
				var first reply
				firstName, firstCounts := "", ""
				for name, c := range alike.calls {
					w.counts.reset()
					got := w.send(t, client, c.method, c.path, c.body)
					if firstName == "" {
						first, firstName, firstCounts = got, name, w.counts.String()
					}
					if got.status != alike.status {
						t.Errorf("%s, %s: %+v", alike.what, name, got)
					}
					if diff := cmp.Diff(first, got, cmp.AllowUnexported(reply{})); diff != "" {
						t.Errorf("%s, round %d: %s and %s are answered differently:\n%s", alike.what, round, firstName, name, diff)
					}
					if alike.cost != "" && w.counts.String() != alike.cost {
						t.Errorf("%s: %s costs %s, want %s", alike.what, name, &w.counts, alike.cost)
					}
					if now := w.counts.String(); now != firstCounts {
						t.Errorf("%s, round %d: %s costs %s; %s costs %s", alike.what, round, firstName, firstCounts, name, now)
					}
				}
			}
		}
	})
}

// TestClick_CostsOneCommitAndNoRead: campaign and publisher are believed for five seconds.
func TestClick_CostsOneCommitAndNoRead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, w *world) {
		client, path := follower(), "/click/"+w.campaign.UUID+"/"+w.publisher.UUID
		for _, c := range []struct {
			after time.Duration
			want  string
		}{
			{0, "0 credentials, 1 campaigns, 1 publishers, 0 leads, 0 projects, 1 commits"},
			{0, "0 credentials, 0 campaigns, 0 publishers, 0 leads, 0 projects, 1 commits"},
			{3 * time.Second, "0 credentials, 0 campaigns, 0 publishers, 0 leads, 0 projects, 1 commits"},
			{5 * time.Second, "0 credentials, 1 campaigns, 1 publishers, 0 leads, 0 projects, 1 commits"},
		} {
			w.now.Add(c.after.Microseconds())
			w.counts.reset()
			if got := w.send(t, client, http.MethodGet, path, ""); got.status != http.StatusFound {
				t.Fatalf("%+v", got)
			}
			if got := w.counts.String(); got != c.want {
				t.Errorf("after %v a click costs %s, want %s", c.after, got, c.want)
			}
		}
	})
}

func TestClick_HeadCreatesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, w *world) {
		lead := w.newLead(t, w.campaign)
		w.counts.reset()
		for _, path := range []string{"/click/" + w.campaign.UUID + "/" + w.publisher.UUID, "/api/v1/postback/contract/" + lead} {
			if got := w.send(t, follower(), http.MethodHead, path+"?contract_net_value=5", ""); got.status >= 400 || got.body != "" {
				t.Errorf("HEAD %.20s: %+v", path, got)
			}
		}
		if n := w.counts.commits.Load(); n != 0 {
			t.Errorf("HEAD made %d commits", n)
		}
	})
}

// TestClick_AnswersAfterTheCommit: the browser is redirected when the action is durable and not before.
func TestClick_AnswersAfterTheCommit(t *testing.T) {
	for _, m := range dialecttest.Stores() {
		t.Run(m.Name, func(t *testing.T) {
			w, commit := newWorld(t, m)
			g := &gate{entered: make(chan struct{}), open: make(chan struct{})}
			commit.gate.Store(g)
			answered := make(chan reply, 1)
			go func() {
				answered <- w.send(t, follower(), http.MethodGet, "/click/"+w.campaign.UUID+"/"+w.publisher.UUID, "")
			}()
			<-g.entered
			select {
			case got := <-answered:
				t.Errorf("answered before the commit: %+v", got)
			default:
			}
			close(g.open)
			if got := <-answered; got.status != http.StatusFound {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestDates_AreMeantInTheZoneOfTheProject: each advertiser has its own.
func TestDates_AreMeantInTheZoneOfTheProject(t *testing.T) {
	onEveryStore(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			project    int64
			advertiser string
			lead       string
			want       string
		}{
			{w.project, w.advertiser, w.newLead(t, w.campaign), "2026-11-01T07:00:00Z"},
			{w.other, w.foreigner, w.newLead(t, w.foreign), "2026-11-01T13:00:00Z"},
		} {
			body := fmt.Sprintf(`{"actionUuid":%q,"application":"2026-11-01 08:00:00"}`, c.lead)
			if got := w.send(t, follower(), http.MethodPost, "/api/v1/actions/"+c.advertiser, body); got.status != 200 {
				t.Fatalf("%+v", got)
			}
			l, err := w.store.FindLead(t.Context(), c.project, c.lead)
			if err != nil {
				t.Fatal(err)
			}
			if got := l.ReachedAt[3].Format(time.RFC3339); got != c.want {
				t.Errorf("stored as %s, want %s", got, c.want)
			}
		}
	})
}
