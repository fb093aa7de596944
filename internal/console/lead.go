package console

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// leadHistorySize is how many changes of a lead a page shows.
const leadHistorySize = 100

// leadPage shows one lead.
type leadPage struct {
	clientele.Lead
	Parties leadParties
	// Credentials are their names by id.
	Credentials map[int64]string
	// UUIDShown is the lead's UUID: whole for those who may report on the lead, otherwise its beginning.
	UUIDShown string
	UUIDWhole bool
	// SameIP is how many leads of the project came from the visitor's address at about the same time, this one included.
	SameIP  int
	History []leadEvent
	Pages   pages
}

// leadEvent is one change of a lead in words.
type leadEvent struct {
	clientele.Change
	Title string
	// Lines are what was stated, one each.
	Lines []string
	// Via is through what it came.
	Via string
}

func (c *Console) showLead(r *request) (answer, error) {
	id, err := r.id("lead")
	if err != nil {
		return answer{}, err
	}
	p := leadPage{}
	if p.Lead, err = c.Store.FindLeadByID(r.Context(), r.Project.ID, id); err != nil {
		return answer{}, err
	}
	if p.Parties, err = c.leadParties(r); err != nil {
		return answer{}, err
	}
	same, err := c.Store.CountSameIP(r.Context(), []clientele.Lead{p.Lead}, clientele.MaxIPCount)
	if err != nil {
		return answer{}, err
	}
	p.SameIP = same[0]
	p.UUIDShown, p.UUIDWhole = shownUUID(r, p.UUID)
	if err := c.leadHistory(r, &p); err != nil {
		return answer{}, err
	}
	return view("Lead "+idText(id), leadView(r, p)), nil
}

// shownUUID returns what an operator sees of a lead's UUID: whoever knows it may report on the lead, so those who may change
// nothing see its beginning.
func shownUUID(r *request, uuid string) (shown string, whole bool) {
	if r.can(editor) {
		return uuid, true
	}
	const beginning = 8
	return uuid[:min(beginning, len(uuid))] + "…", false
}

// leadHistory reads the changes of a lead and puts them into words.
func (c *Console) leadHistory(r *request, p *leadPage) error {
	credentials, err := c.Store.ListCredentials(r.Context())
	if err != nil {
		return err
	}
	p.Credentials = map[int64]string{}
	for i := range credentials {
		p.Credentials[credentials[i].ID] = credentials[i].Name
	}
	before := r.numberOf("before")
	changes, err := c.Store.ListLeadHistory(r.Context(), r.Project.ID, p.ID, before, leadHistorySize+1)
	if err != nil {
		return err
	}
	if before != 0 {
		p.Pages.First = r.pathWith("before", "")
	}
	if len(changes) > leadHistorySize {
		changes = changes[:leadHistorySize]
		p.Pages.Next = r.pathWith("before", idText(changes[leadHistorySize-1].Seq))
	}
	for i := range changes {
		event, err := p.event(r, &changes[i])
		if err != nil {
			return fmt.Errorf("history of lead %d: %w", p.ID, err)
		}
		p.History = append(p.History, event)
	}
	return nil
}

// event puts a change into words.
func (p *leadPage) event(r *request, c *clientele.Change) (leadEvent, error) {
	e := leadEvent{Change: *c, Via: p.via(c)}
	var values map[string]jsontext.Value
	if err := json.Unmarshal(c.Values, &values); err != nil {
		return e, fmt.Errorf("change %d: %w", c.Seq, err)
	}
	switch {
	case c.Action != clientele.ActionCreated:
		e.Title = "Reported"
	case c.Origin.CredentialID == 0:
		e.Title = "Clicked"
	default:
		e.Title = "Registered"
	}
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		if date, stated := takeMember(values, s.String()+"_at"); stated {
			e.Lines = append(e.Lines, stageName(s)+": "+r.shownDate(date))
		}
	}
	if stage, stated := takeMember(values, "stage"); stated {
		s, _ := clientele.ParseStage(stage)
		e.Lines = append(e.Lines, "Furthest stage: "+stageName(s))
	}
	for _, value := range []struct{ name, label string }{{"net_value", "Net value"}, {"nominal_value", "Nominal value"}} {
		if text, stated := takeMember(values, value.name); stated {
			n, _ := strconv.ParseInt(text, 10, 64) // we wrote it
			e.Lines = append(e.Lines, value.label+": "+money(clientele.Amount(n)))
		}
	}
	if kind, stated := takeMember(values, "customer_type"); stated {
		e.Lines = append(e.Lines, "Customer: "+kind)
	}
	return e, nil
}

// takeMember returns a member of a change's values as text.
func takeMember(values map[string]jsontext.Value, name string) (text string, stated bool) {
	raw, stated := values[name]
	if !stated {
		return "", false
	}
	if raw.Kind() == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err == nil {
			return s, true
		}
	}
	return string(raw), true
}

// shownDate returns a date of the history in the project's zone.
func (r *request) shownDate(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return r.shownTime(t)
}

// via says through what a change came: the dialect, and whose credential or which of the ways that need none.
func (p *leadPage) via(c *clientele.Change) string {
	name := dialectName(c.Origin.Dialect)
	switch {
	case c.Origin.CredentialID != 0 && p.Credentials[c.Origin.CredentialID] != "":
		return name + ", credential " + p.Credentials[c.Origin.CredentialID]
	case c.Origin.CredentialID != 0:
		return name + ", credential " + idText(c.Origin.CredentialID)
	case c.Origin.Dialect != clientele.PrimeLead:
		return name
	case c.Action == clientele.ActionCreated:
		return name + ", click"
	default:
		return name + ", postback"
	}
}

// flags tell in words what is odd about the lead.
func (p *leadPage) flags() []string {
	var list []string
	if late := p.OutOfOrder(); len(late) > 0 {
		names := make([]string, len(late))
		for i, s := range late {
			names[i] = stageName(s)
		}
		list = append(list, "Dates out of order: "+strings.Join(names, ", ")+" has a date before that of an earlier stage. It is kept as it was reported.")
	}
	return list
}

// isRepeated reports whether suspiciously many leads came from the visitor's address.
func (p *leadPage) isRepeated() bool { return p.SameIP >= clientele.RepeatedIPs }

// sameIP tells how many leads came from the visitor's address.
func (p *leadPage) sameIP() string {
	n := number(p.SameIP)
	if p.SameIP >= clientele.MaxIPCount {
		n = "At least " + n
	}
	return n + " leads of this project came from the same address within 24 hours before or after this one, itself included."
}

// facts are the lead's fields.
func (p *leadPage) facts(r *request) []fact {
	list := []fact{
		{"Campaign", anchor(leadFilter{Range: "all", Campaign: p.CampaignID}.on(r, "/leads"), p.Parties.campaign(p.CampaignID))},
		{"Publisher", anchor(leadFilter{Range: "all", Publisher: p.PublisherID}.on(r, "/leads"), p.Parties.publisher(p.PublisherID))},
		{"Action", when(r, p.ActionAt)},
		{"Furthest stage", badge(stageTone(p.Stage), stageName(p.Stage))},
		text("Net value", leadAmount(p.NetValue)),
		text("Nominal value", leadAmount(p.NominalValue)),
		text("Customer", p.CustomerType.V),
		{"UUID", code(p.UUIDShown)},
	}
	for i, sub := range p.Subs {
		list = append(list, text("sub"+strconv.Itoa(i+1), sub.V))
	}
	return append(
		list,
		text("IP address", p.IP.V),
		text("User agent", p.UserAgent.V),
		text("Came through", p.origin()),
		fact{"Created", when(r, p.CreatedAt)},
		fact{"Updated", when(r, p.UpdatedAt)},
		text("Version", idText(p.Version)),
	)
}

// origin says where the lead came from.
func (p *leadPage) origin() string {
	return p.via(&clientele.Change{
		Action: clientele.ActionCreated, Origin: clientele.Origin{Dialect: p.Source, CredentialID: p.CredentialID},
	})
}

// steps are the stages with their dates.
func (p *leadPage) steps() []leadStep {
	list := []leadStep{{Name: stageName(clientele.StageNone), At: p.ActionAt}}
	last := p.ActionAt
	late := p.OutOfOrder()
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		step := leadStep{Name: stageName(s), At: p.ReachedAt[s], Skipped: s < p.Stage && p.ReachedAt[s].IsZero()}
		for _, l := range late {
			step.OutOfOrder = step.OutOfOrder || l == s
		}
		if !step.At.IsZero() {
			step.After = elapsed(step.At.Sub(last))
			last = step.At
		}
		list = append(list, step)
	}
	return list
}

// leadStep is one stage of a lead.
type leadStep struct {
	Name string
	At   time.Time
	// After is how long after the step before; "" for the first.
	After      string
	OutOfOrder bool
	Skipped    bool
}

// elapsed is a duration in the two largest of days, hours, minutes and seconds.
func elapsed(d time.Duration) string {
	sign := "after "
	if d < 0 {
		sign, d = "earlier by ", -d
	}
	units := []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	var parts []string
	for _, u := range units {
		if n := d / u.of; n > 0 {
			parts = append(parts, strconv.FormatInt(int64(n), 10)+" "+u.name)
			d %= u.of
		}
		if len(parts) == 2 {
			break
		}
	}
	if len(parts) == 0 {
		return "at once"
	}
	return sign + strings.Join(parts, " ")
}
