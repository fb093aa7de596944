package primelead_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// TestProperty_LeadsEndWhereAPlainModelEnds sends random sequences of postbacks, updates and registrations, delivered twice
// and out of order, from several connections at once. Each answer and each lead is what a plain model says, in some order
// of what was sent at once, and the history of each lead replays to it.
func TestProperty_LeadsEndWhereAPlainModelEnds(t *testing.T) {
	onEveryStore(t, func(t *testing.T, w *world) {
		connections := []*http.Client{follower(), follower(), follower()}
		t.Cleanup(func() {
			for _, c := range connections {
				c.CloseIdleConnections()
			}
		})
		rapid.Check(t, func(rt *rapid.T) {
			r := &run{w: w, connections: connections, named: map[string]string{}}
			r.add(rt, w.newLead(t, w.campaign), modelLead{})
			for range rapid.IntRange(1, 7).Draw(rt, "rounds") {
				r.round(rt)
			}
		})
	})
}

// run is the leads of one sequence, and what was sent about them.
type run struct {
	w           *world
	connections []*http.Client
	leads       []lead
	sent        []call
	named       map[string]string // Idempotency-Key to the lead it registered
}

// lead is one lead with what the model says of it.
type lead struct {
	uuid  string
	model modelLead
}

// call is one request. lead is an index; -1 for a registration.
type call struct {
	lead    int
	method  string
	path    string
	body    string
	header  []string
	report  modelReport
	foreign bool   // sent by another advertiser
	key     string // the Idempotency-Key of a registration
}

func (r *run) add(rt *rapid.T, id string, m modelLead) {
	r.leads = append(r.leads, lead{id, m})
	r.check(rt, len(r.leads)-1)
}

// round draws calls, sends them all at once, and compares.
func (r *run) round(rt *rapid.T) {
	var calls []call
	for range rapid.IntRange(1, 4).Draw(rt, "calls") {
		switch pick := rapid.IntRange(0, 9).Draw(rt, "pick"); {
		case pick == 0:
			calls = append(calls, r.drawRegistration(rt))
		case pick <= 2 && len(r.sent) > 0: // delivered again, later
			calls = append(calls, rapid.SampledFrom(r.sent).Draw(rt, "again"))
		case pick <= 3 && len(calls) > 0: // delivered twice, at once
			calls = append(calls, calls[len(calls)-1])
		case pick <= 6:
			calls = append(calls, r.drawPostback(rt))
		default:
			calls = append(calls, r.drawUpdate(rt))
		}
	}
	r.sent = append(r.sent, calls...)
	r.w.now.Add(time.Second.Microseconds())
	answers := r.send(rt, calls)
	for i := range len(r.leads) {
		r.compare(rt, i, calls, answers)
	}
	for i, c := range calls {
		if c.lead < 0 {
			r.compareRegistration(rt, c, answers[i])
		}
	}
}

func (r *run) send(rt *rapid.T, calls []call) []reply {
	answers, errs := make([]reply, len(calls)), make([]error, len(calls))
	ctx := context.WithoutCancel(rt.Context())
	var all sync.WaitGroup
	for i, c := range calls {
		all.Go(func() {
			client := r.connections[i%len(r.connections)]
			answers[i], errs[i] = r.w.try(ctx, client, c.method, c.path, c.body, c.header...)
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			rt.Fatalf("%s %s: %v", calls[i].method, calls[i].path, err)
		}
	}
	return answers
}

// compare holds the answers about one lead, and the lead, to the model.
func (r *run) compare(rt *rapid.T, i int, calls []call, answers []reply) {
	var reports []modelReport
	var codes []int
	for n, c := range calls {
		switch {
		case c.lead != i:
		case c.foreign:
			if answers[n].status != http.StatusForbidden {
				rt.Fatalf("another advertiser's update: %+v", answers[n])
			}
		default:
			reports, codes = append(reports, c.report.at(r.w.clock())), append(codes, answers[n].status)
		}
	}
	before := r.leads[i].model
	now := modelOf(r.stored(rt, i))
	if !before.agrees(reports, codes, now) {
		rt.Fatalf("lead %s\nis now %s\nafter %+v\nwith the answers %v: no order of them explains it", before, now, reports, codes)
	}
	r.leads[i].model = now
	r.check(rt, i)
}

func (r *run) compareRegistration(rt *rapid.T, c call, got reply) {
	want, code := modelLead{}.apply(c.report)
	if got.status != code {
		rt.Fatalf("registration of %+v: %+v, want %d", c.report, got, code)
	}
	if code != 200 {
		return
	}
	var answer struct {
		ActionUUID string `json:"actionUuid"`
	}
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
		rt.Fatalf("%s: %v", got.body, err)
	}
	if known := r.named[c.key]; c.key != "" && known != "" {
		if answer.ActionUUID != known {
			rt.Fatalf("registered again under one Idempotency-Key: %s, then %s", known, answer.ActionUUID)
		}
		return
	}
	if slices.ContainsFunc(r.leads, func(l lead) bool { return l.uuid == answer.ActionUUID }) {
		rt.Fatalf("a registration answers with a lead that there was")
	}
	r.named[c.key] = answer.ActionUUID
	r.add(rt, answer.ActionUUID, want)
}

func (r *run) stored(rt *rapid.T, i int) clientele.Lead {
	l, err := r.w.store.FindLead(rt.Context(), r.w.project, r.leads[i].uuid)
	if err != nil {
		rt.Fatalf("%v", err)
	}
	return l
}

// check holds the stored lead to the model, and its history to it.
func (r *run) check(rt *rapid.T, i int) {
	l := r.stored(rt, i)
	if got := modelOf(l).String(); got != r.leads[i].model.String() {
		rt.Fatalf("lead is %s, want %s", got, r.leads[i].model)
	}
	if err := replaysTo(rt.Context(), r.w.store, l); err != nil {
		rt.Fatalf("%v", err)
	}
}

// amounts are as they are sent and in hundredths.
var amounts = [][2]string{{"", ""}, {"", ""}, {"5", "500"}, {"5.00", "500"}, {"7.5", "750"}}

// drawValues draws what any call may state, as parameters of the given names and in the model's words.
func drawValues(rt *rapid.T, kind, net, nominal string) (map[string]string, modelReport) {
	sent := map[string]string{}
	r := modelReport{reached: map[string]string{}}
	r.kind = rapid.SampledFrom([]string{"", "", "", "new", "returning"}).Draw(rt, kind)
	n, m := rapid.SampledFrom(amounts).Draw(rt, net), rapid.SampledFrom(amounts).Draw(rt, nominal)
	r.net, r.nominal = n[1], m[1]
	for name, text := range map[string]string{kind: r.kind, net: n[0], nominal: m[0]} {
		if text != "" || rapid.Bool().Draw(rt, name+" is sent empty") {
			sent[name] = text
		}
	}
	return sent, r
}

// justNow stands for the time at which a postback arrives.
const justNow = "now"

// at returns the report as it is meant at a time.
func (r modelReport) at(now time.Time) modelReport {
	r.reached = maps.Clone(r.reached)
	for status, date := range r.reached {
		if date == justNow {
			r.reached[status] = now.Format(time.DateTime)
		}
	}
	return r
}

func (r *run) drawPostback(rt *rapid.T) call {
	i := rapid.IntRange(0, len(r.leads)-1).Draw(rt, "lead")
	status := rapid.SampledFrom(modelStatuses).Draw(rt, "status")
	sent, report := drawValues(rt, "customer_type", "contract_net_value", "contract_nominal_value")
	report.reached[status] = justNow
	return call{
		lead: i, method: http.MethodGet, path: "/api/v1/postback/" + status + "/" + r.leads[i].uuid + "?" + query(sent), report: report,
	}
}

// drawDates draws dates of stages, in the parameters and, an hour earlier, in the model's words.
func drawDates(rt *rapid.T, sent map[string]string, report modelReport) {
	for i, name := range modelDates {
		if day := rapid.IntRange(-3, 4).Draw(rt, name); day > 0 {
			sent[name] = fmt.Sprintf("2026-11-%02d 08:00:00", day)
			report.reached[modelStatuses[i]] = fmt.Sprintf("2026-11-%02d 07:00:00", day)
		}
	}
}

func (r *run) drawUpdate(rt *rapid.T) call {
	i := rapid.IntRange(0, len(r.leads)-1).Draw(rt, "lead")
	sent, report := drawValues(rt, "customerType", "contractNetValue", "contractNominalValue")
	drawDates(rt, sent, report)
	sent["actionUuid"] = r.leads[i].uuid
	c := r.post(rt, sent)
	c.lead, c.report = i, report
	if c.foreign = rapid.IntRange(0, 9).Draw(rt, "foreign") == 0; c.foreign {
		c.path = strings.Replace(c.path, r.w.advertiser, r.w.foreigner, 1)
	}
	return c
}

func (r *run) drawRegistration(rt *rapid.T) call {
	sent, report := drawValues(rt, "customerType", "contractNetValue", "contractNominalValue")
	drawDates(rt, sent, report)
	sent["campaignUuid"], sent["publisherUuid"] = r.w.campaign.UUID, r.w.publisher.UUID
	sent["actionCreatedAt"] = "2026-11-01 07:00:00"
	c := r.post(rt, sent)
	c.lead, c.report = -1, report
	if rapid.Bool().Draw(rt, "named") {
		c.key = uuid.NewString() // of this call and its repeats
		c.header = append(c.header, "Idempotency-Key", c.key)
	}
	return c
}

// post returns a POST of the parameters in one of its four forms.
func (r *run) post(rt *rapid.T, sent map[string]string) call {
	c := call{method: http.MethodPost, path: "/api/v1/actions/" + r.w.advertiser}
	switch rapid.IntRange(0, 3).Draw(rt, "form") {
	case 0:
		b, err := json.Marshal(sent)
		if err != nil {
			rt.Fatalf("%v", err)
		}
		c.body, c.header = string(b), []string{"Content-Type", "application/json"}
	case 1:
		c.body, c.header = query(sent), []string{"Content-Type", "application/x-www-form-urlencoded"}
	case 2:
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for name, text := range sent {
			_ = w.WriteField(name, text)
		}
		_ = w.Close()
		c.body, c.header = b.String(), []string{"Content-Type", w.FormDataContentType()}
	default:
		c.path += "?" + query(sent)
	}
	return c
}

func query(sent map[string]string) string {
	values := url.Values{}
	for name, text := range sent {
		values.Set(name, text)
	}
	return values.Encode()
}
