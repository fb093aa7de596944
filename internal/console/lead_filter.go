package console

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"clientele"
)

// leadFilter is what the pages about leads select by, as it stands in their URLs. The zero value selects all.
type leadFilter struct {
	// Range is one of the presets; "" for From and To.
	Range string
	// From and To are days of the project's time zone, both inclusive, as the form has them; "" for no bound.
	From, To  string
	Campaign  int64
	Publisher int64
	// Stage is a stage, noStage, or fromStage and a stage.
	Stage string
	// Type is new, returning or notStated.
	Type string
	// Mark is the number of a publisher's mark, 1 to 5, that is MarkText; 0 for none.
	Mark     int64
	MarkText string
	// SameIP is the id of a lead whose visitor's address the others have. The address itself stands in no URL.
	SameIP int64

	// days are the bounds as days, 0 for none; problems tell what is wrong with From and To.
	days     [2]clientele.Day
	problems [2]string
}

const (
	noStage   = "none"
	fromStage = "from-"
	notStated = "none"
)

// leadRanges are the presets and how many days, up to and with today, each has; 0 for all.
var leadRanges = []struct {
	name, label string
	days        int
}{{"today", "Today", 1}, {"7d", "7 days", 7}, {"30d", "30 days", 30}, {"90d", "90 days", 90}, {"all", "All time", 0}}

// leadFilter reads the filter of a request. Where its URL names no time, the preset does.
func (r *request) leadFilter(preset string) leadFilter {
	q := r.URL.Query()
	f := leadFilter{
		Range: q.Get("range"), From: q.Get("from"), To: q.Get("to"), Campaign: r.numberOf("campaign"),
		Publisher: r.numberOf("publisher"), Stage: q.Get("stage"), Type: q.Get("type"), Mark: r.numberOf("mark"),
		MarkText: q.Get("text"), SameIP: r.numberOf("same_ip"),
	}
	if f.Range == "" && !q.Has("from") && !q.Has("to") {
		f.Range = preset
	}
	f.setDays(clientele.DayOf(r.console.Now(), r.zone))
	return f
}

// setDays works out the bounds, and what the form shows of them.
func (f *leadFilter) setDays(today clientele.Day) {
	for _, preset := range leadRanges {
		if preset.name != f.Range {
			continue
		}
		f.From, f.To = "", ""
		if preset.days > 0 {
			f.days = [2]clientele.Day{today.Add(1 - preset.days), today}
			f.From, f.To = isoDay(f.days[0]), isoDay(f.days[1])
		}
		return
	}
	f.Range = ""
	for i, text := range []string{f.From, f.To} {
		if text == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || day.Year() < 1 {
			f.problems[i] = "is no date; write it as 2026-01-31"
			continue
		}
		f.days[i] = clientele.DayOf(day, time.UTC)
	}
	if f.days[1] != 0 && f.days[0] > f.days[1] {
		f.problems[1] = "is before the other date"
	}
}

func (f *leadFilter) isWrong() bool { return f.problems != [2]string{} }

func isoDay(d clientele.Day) string { return d.Start(time.UTC).Format(time.DateOnly) }

// stages returns the set that Stage names. What is no stage selects all.
func (f *leadFilter) stages() clientele.StageSet {
	if f.Stage == noStage {
		return clientele.StagesOf(clientele.StageNone)
	}
	name, from := strings.CutPrefix(f.Stage, fromStage)
	stage, known := clientele.ParseStage(name)
	switch {
	case !known:
		return 0
	case from:
		return clientele.StagesFrom(stage)
	default:
		return clientele.StagesOf(stage)
	}
}

// query returns the filter as a store takes it, but for SameIP.
func (f *leadFilter) query(r *request) clientele.LeadQuery {
	q := clientele.LeadQuery{ProjectID: r.Project.ID, CampaignID: f.Campaign, PublisherID: f.Publisher, Stages: f.stages()}
	if f.days[0] != 0 {
		q.From = f.days[0].Start(r.zone)
	}
	if f.days[1] != 0 {
		q.Before = f.days[1].Add(1).Start(r.zone)
	}
	switch f.Type {
	case notStated:
		q.CustomerType = clientele.Some("")
	case "new", "returning":
		q.CustomerType = clientele.Some(f.Type)
	}
	if f.Mark >= 1 && f.Mark <= int64(len(q.Subs)) {
		q.Subs[f.Mark-1] = clientele.Some(f.MarkText)
	}
	return q
}

// countQuery returns what of the filter the counts of leads know: the time.
func (f *leadFilter) countQuery(r *request) clientele.LeadCountQuery {
	return clientele.LeadCountQuery{ProjectID: r.Project.ID, From: f.days[0], To: f.days[1]}
}

// values returns the filter as the query of a URL.
func (f leadFilter) values() url.Values {
	q := url.Values{}
	put := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.Range != "" {
		put("range", f.Range)
	} else {
		q["from"], q["to"] = []string{f.From}, []string{f.To}
	}
	put("campaign", idText(f.Campaign))
	put("publisher", idText(f.Publisher))
	put("stage", f.Stage)
	put("type", f.Type)
	put("mark", idText(f.Mark))
	put("text", f.MarkText)
	put("same_ip", idText(f.SameIP))
	return q
}

// on returns the path of a page of the project with the filter.
func (f leadFilter) on(r *request, path string) string {
	return r.projectURL(path) + "?" + f.values().Encode()
}

// withRange returns the filter over a preset's time.
func (f leadFilter) withRange(name string) leadFilter {
	f.Range = name
	return f
}

// of returns the filter for one campaign and publisher; 0 leaves what it has.
func (f leadFilter) of(campaign, publisher int64) leadFilter {
	if campaign != 0 {
		f.Campaign = campaign
	}
	if publisher != 0 {
		f.Publisher = publisher
	}
	return f
}

// at returns the filter for a stage.
func (f leadFilter) at(stage string) leadFilter {
	f.Stage = stage
	return f
}

// leadParties are the campaigns of a project and the publishers, by id.
type leadParties struct {
	Campaigns  []clientele.Campaign
	Publishers []clientele.Publisher
}

func (c *Console) leadParties(r *request) (p leadParties, err error) {
	campaigns, err := c.Store.ListCampaigns(r.Context())
	if err != nil {
		return p, err
	}
	for _, campaign := range campaigns {
		if campaign.ProjectID == r.Project.ID {
			p.Campaigns = append(p.Campaigns, campaign)
		}
	}
	p.Publishers, err = c.Store.ListPublishers(r.Context())
	return p, err
}

// campaign returns the name of a campaign.
func (p *leadParties) campaign(id int64) string {
	for i := range p.Campaigns {
		if p.Campaigns[i].ID == id {
			return p.Campaigns[i].Name
		}
	}
	return "campaign " + strconv.FormatInt(id, 10)
}

// publisher returns the name of a publisher.
func (p *leadParties) publisher(id int64) string {
	for i := range p.Publishers {
		if p.Publishers[i].ID == id {
			return p.Publishers[i].Name
		}
	}
	return "publisher " + strconv.FormatInt(id, 10)
}

func (p *leadParties) campaignChoices() []choice {
	list := []choice{{"", "All campaigns"}}
	for i := range p.Campaigns {
		list = append(list, choice{idText(p.Campaigns[i].ID), p.Campaigns[i].Name})
	}
	return list
}

func (p *leadParties) publisherChoices() []choice {
	list := []choice{{"", "All publishers"}}
	for i := range p.Publishers {
		list = append(list, choice{idText(p.Publishers[i].ID), p.Publishers[i].Name})
	}
	return list
}

// stageName is a stage as people call it.
func stageName(s clientele.Stage) string {
	return [clientele.NumStages]string{
		"Clicked or registered", "Wide contact", "Narrow contact", "Application", "Contract", "Contract cancelled",
	}[s]
}

// stageTone is the colour of a stage.
func stageTone(s clientele.Stage) string {
	switch s {
	case clientele.StageContract:
		return "good"
	case clientele.StageContractCanceled:
		return "bad"
	default:
		return ""
	}
}

func stageChoices() []choice {
	list := []choice{{"", "Any stage"}, {noStage, "Clicked or registered, no further"}}
	for s := clientele.StageWideContact; s < clientele.StageContract; s++ {
		list = append(list, choice{fromStage + s.String(), stageName(s) + " or further"})
	}
	list = append(list, choice{fromStage + clientele.StageContract.String(), "Contract, also cancelled"})
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		list = append(list, choice{s.String(), stageName(s) + ", no further"})
	}
	list[len(list)-2].Label = "Contract that stands"
	list[len(list)-1].Label = stageName(clientele.StageContractCanceled)
	return list
}

func typeChoices() []choice {
	return []choice{{"", "Any customer"}, {"new", "New"}, {"returning", "Returning"}, {notStated, "Not stated"}}
}

func markChoices() []choice {
	list := []choice{{"", "No mark"}}
	for i := range 5 {
		n := strconv.Itoa(i + 1)
		list = append(list, choice{n, "sub" + n})
	}
	return list
}
