package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele"
	"clientele/internal/traffic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// overviewStore is what the overview reads of a book.
type overviewStore interface {
	ListCallCounts(ctx context.Context, q clientele.CallQuery) ([]clientele.CallCount, error)
	ListNewestChanges(ctx context.Context, project int64, limit int) ([]clientele.Change, error)
	ListSubscriptionHealth(ctx context.Context) ([]clientele.SubscriptionHealth, error)
	CountWaitingSubmissions(ctx context.Context, most int) (int, error)
}

// overviewPage is how it goes at the moment.
type overviewPage struct {
	Window  window
	Project int64
	Tiles   []tile
	// Dialects and Outcomes are the calls of the window.
	Dialects chart
	Outcomes chart
	Troubled []troubled
	Changes  []changeLine
}

// tile is one number. Its tone is bad, warn or "".
type tile struct {
	Label, Value, Note, Tone string
	// Path is where the number leads; empty for nowhere.
	Path string
}

// window is how far back the charts look, in steps of which length.
type window struct {
	Name, Label, Step string
	Length, Span      time.Duration
}

var windows = []window{
	{"hour", "Last hour", "minute", time.Hour, time.Minute},
	{"day", "Last day", "10 minutes", 24 * time.Hour, 10 * time.Minute},
	{"week", "Last week", "hour", 7 * 24 * time.Hour, time.Hour},
}

// troubled is a subscription that does not get what it should.
type troubled struct {
	clientele.SubscriptionHealth
	Project string
	Waits   time.Duration
}

// changeLine is one of the newest changes, without the values.
type changeLine struct {
	clientele.Change
	Project string
	What    string
	Fields  string
	// Path is the subject's page; empty for none.
	Path string
}

const (
	newestChanges = 12
	// maxTroubled is how many subscriptions in trouble are shown, mostWaiting up to which number submissions are counted.
	maxTroubled = 10
	mostWaiting = 10_000
	// lateAfter is how long a delivery may wait before its subscription counts as failing.
	lateAfter = time.Minute
	// slowCommit is a commit's duration that is worth a colour.
	slowCommit = 250 * time.Millisecond
)

func (c *Console) showOverview(r *request) (answer, error) {
	if len(r.Projects) == 0 {
		return seeOther(projectsPath), nil // there is nothing to see before one is made
	}
	p := overviewPage{Window: windows[0], Project: r.numberOf("project")}
	for _, w := range windows {
		if w.Name == r.URL.Query().Get("range") {
			p.Window = w
		}
	}
	for _, read := range []func(*request, *overviewPage) error{c.readCalls, c.readQueues, c.readTroubled, c.readChanges} {
		if err := read(r, &p); err != nil {
			return answer{}, err
		}
	}
	return view("Overview", overviewView(r, p)), nil
}

// readCalls reads the counts of the window, and of the last hour for the tiles.
func (c *Console) readCalls(r *request, p *overviewPage) error {
	now := c.Now()
	end := now.Truncate(p.Window.Span).Add(p.Window.Span)
	q := clientele.CallQuery{Span: p.Window.Span, ProjectID: p.Project, From: end.Add(-p.Window.Length), To: end}
	counts, err := c.Store.ListCallCounts(r.Context(), q)
	if err != nil {
		return err
	}
	p.Dialects, p.Outcomes = byDialect(q, counts), byOutcome(q, counts)
	p.Dialects.Title = "Calls per " + p.Window.Step + " by dialect"
	p.Outcomes.Title = "Calls per " + p.Window.Step + " by outcome"
	sums := map[clientele.CallOutcome]int64{}
	var all int64
	for i := range counts {
		sums[counts[i].Outcome] += counts[i].Calls
		all += counts[i].Calls
	}
	refused := sums[clientele.CallRefused] + sums[clientele.CallDenied] + sums[clientele.CallLimited]
	p.Tiles = append(p.Tiles,
		tile{Label: "Calls", Value: number(all), Note: strings.ToLower(p.Window.Label)},
		tile{Label: "Refused", Value: number(refused), Note: shareOfCalls(refused, all), Path: root + "inbox"},
		tile{
			Label: "Failed on our side", Value: number(sums[clientele.CallFailed]), Note: shareOfCalls(sums[clientele.CallFailed], all),
			Tone: toneIf(sums[clientele.CallFailed] > 0, "bad"), Path: root + "inbox?status=5",
		},
	)
	return nil
}

// shareOfCalls tells how many percent of all calls a number is.
func shareOfCalls(n, all int64) string {
	if all == 0 {
		return "no calls"
	}
	return fmt.Sprintf("%.1f %% of the calls", float64(n)*100/float64(all))
}

func toneIf(is bool, tone string) string {
	if is {
		return tone
	}
	return ""
}

// readQueues asks how the line of writes, the commits and the submissions stand.
func (c *Console) readQueues(r *request, p *overviewPage) error {
	waiting := 0
	if c.Waiting != nil {
		waiting = c.Waiting()
	}
	h := traffic.CommitHealth{}
	if c.Traffic != nil {
		h = c.Traffic.Commits(c.Now())
	}
	submissions, err := c.Store.CountWaitingSubmissions(r.Context(), mostWaiting)
	if err != nil {
		return err
	}
	shown := number(submissions)
	if submissions == mostWaiting {
		shown += " or more"
	}
	p.Tiles = append(p.Tiles,
		tile{Label: "Writes waiting", Value: number(waiting), Note: "for a commit, on this server"},
		tile{Label: "Commit, median", Value: milliseconds(h.Median), Note: commitNote(h), Tone: toneIf(h.Median > slowCommit, "warn")},
		tile{Label: "Failed commits", Value: number(h.Failed), Note: "in 5 minutes, on this server", Tone: toneIf(h.Failed > 0, "bad")},
		tile{Label: "Submissions waiting", Value: shown, Note: "to be carried out", Tone: toneIf(submissions >= mostWaiting, "warn")},
	)
	return nil
}

func commitNote(h traffic.CommitHealth) string {
	if h.Commits == 0 {
		return "no commit in 5 minutes"
	}
	return fmt.Sprintf("99 of 100 within %s; %.1f writes each", milliseconds(h.P99), float64(h.Writes)/float64(h.Commits))
}

func milliseconds(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	default:
		return number(d.Milliseconds()) + " ms"
	}
}

func (c *Console) readTroubled(r *request, p *overviewPage) error {
	list, err := c.Store.ListSubscriptionHealth(r.Context())
	if err != nil {
		return err
	}
	failing := 0
	for _, s := range list {
		t := troubled{SubscriptionHealth: s, Project: r.projectNamed(s.ProjectID)}
		if !s.OldestChange.IsZero() {
			t.Waits = c.Now().Sub(s.OldestChange)
		}
		if (p.Project != 0 && p.Project != s.ProjectID) || !s.Disabled && t.Waits < lateAfter {
			continue
		}
		failing++
		p.Troubled = append(p.Troubled, t)
	}
	slices.SortStableFunc(p.Troubled, func(a, b troubled) int { return int(b.Waits - a.Waits) })
	p.Troubled = p.Troubled[:min(len(p.Troubled), maxTroubled)]
	p.Tiles = append(p.Tiles, tile{
		Label: "Subscriptions in trouble", Value: number(failing), Note: fmt.Sprintf("of %s", number(len(list))), Tone: toneIf(failing > 0, "bad"),
	})
	return nil
}

func (c *Console) readChanges(r *request, p *overviewPage) error {
	list, err := c.Store.ListNewestChanges(r.Context(), p.Project, newestChanges)
	if err != nil {
		return err
	}
	for i := range list {
		line := changeLine{Change: list[i], Project: r.projectNamed(list[i].ProjectID), Fields: fieldsOf(list[i].Values)}
		line.What = fmt.Sprintf("%s %d %s", line.Subject, line.SubjectID, line.Action)
		if line.Subject == clientele.SubjectCustomer && line.Action != clientele.ActionErased {
			line.Path = projectURL(line.ProjectID, fmt.Sprintf("/customers/%d", line.SubjectID))
		}
		p.Changes = append(p.Changes, line)
	}
	return nil
}

// fieldsOf returns the names in an object, in its order: what changed, not to what.
func fieldsOf(values []byte) string {
	var names []string
	d := jsontext.NewDecoder(strings.NewReader(string(values)))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return ""
	}
	for d.PeekKind() == '"' {
		var name string
		if err := json.UnmarshalDecode(d, &name); err != nil || d.SkipValue() != nil {
			return ""
		}
		names = append(names, strings.ReplaceAll(name, "_", " "))
	}
	const most = 6
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
