package console

import (
	"github.com/a-h/templ"
)

// shell is a page with everything around it.
type shell struct {
	Title string
	Body  templ.Component
	// Request is who asks and for which project.
	Request *request
	Flash   string
	Version string
	// Asset returns the path of a file of static/.
	Asset func(name string) string
	Nav   []navGroup
}

// navGroup is a part of the navigation.
type navGroup struct {
	Title string
	Items []navItem
}

// navItem is one link of the navigation.
type navItem struct {
	Label string
	Path  string
	Icon  string
	// IsHere says that the page is this item's, or below it.
	IsHere bool
}

func (c *Console) shell(r *request, a answer) shell {
	s := shell{Title: a.title, Body: a.body, Request: r, Version: c.Version, Asset: c.static.url}
	if r.Operator.ID != 0 {
		s.Nav = nav(r)
		s.Flash = r.sessions.PopString(r.Context(), keyFlash)
	}
	return s
}

// entry is an item of the navigation as the tables below write it.
type entry struct {
	label, path, icon string
}

// nav returns the navigation of a request: what its operator may see, with the place where it is.
func nav(r *request) []navGroup {
	if r.Operator.PasswordIsOneTime {
		return nil
	}
	groups := []navGroup{{Items: items(r, root, everywhere)}}
	if p := shownProject(r); p != 0 {
		groups = append(groups, navGroup{Title: "Project", Items: items(r, projectURL(p, "/"), ofProject)})
	}
	administration := toViewers
	if r.can(owner) {
		administration = toOwners
	}
	return append(groups, navGroup{Title: "Administration", Items: items(r, root, administration)})
}

// shownProject is the project whose pages the navigation offers: that of the page, otherwise the first.
func shownProject(r *request) int64 {
	switch {
	case r.Project.ID != 0:
		return r.Project.ID
	case len(r.Projects) > 0:
		return r.Projects[0].ID
	default:
		return 0
	}
}

// The items, with paths relative to the console's root, or to the project's.
var (
	everywhere = []entry{
		{"Overview", "", "overview"},
		{"Inbox", "inbox", "inbox"},
	}
	ofProject = []entry{
		{"Customers", "customers", "customers"},
		{"Leads", "leads", "leads"},
		{"Funnel", "funnel", "funnel"},
		{"Campaigns", "campaigns", "campaigns"},
		{"Submissions", "submissions", "submissions"},
		{"Subscriptions", "subscriptions", "subscriptions"},
		{"Deliveries", "deliveries", "deliveries"},
	}
	toViewers = []entry{
		{"Projects", "projects", "projects"},
		{"Keys", "keys", "partners"},
		{"Publishers", "publishers", "publishers"},
	}
	toOwners = []entry{
		{"Projects", "projects", "projects"},
		{"Keys", "keys", "partners"},
		{"Publishers", "publishers", "publishers"},
		{"Operators", "operators", "operators"},
		{"Audit log", "audit", "audit"},
	}
)

// items returns the items of a table; the one whose path is the longest beginning of the page's path is where it is.
func items(r *request, base string, table []entry) []navItem {
	list := make([]navItem, 0, len(table))
	here := -1
	for i, e := range table {
		path := base + e.path
		list = append(list, navItem{Label: e.label, Path: path, Icon: e.icon})
		if isAt(r.URL.Path, path) && (here < 0 || len(path) > len(list[here].Path)) {
			here = i
		}
	}
	if here >= 0 {
		list[here].IsHere = true
	}
	return list
}

// isAt reports whether a page's path is an item's or below it. Everything is below the root, which is the overview's alone.
func isAt(path, item string) bool {
	return path == item || item != root && len(path) > len(item) && path[:len(item)] == item && path[len(item)] == '/'
}
