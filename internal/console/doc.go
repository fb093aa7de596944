// Package console is the operator's web pages, under /console/. They are rendered on the server, work without JavaScript for
// everything but what is live, and load nothing from elsewhere.
//
// # How a page is made
//
// A request passes through the wrapper in page.go (session, role, project, error → page), one show… or save… function, a
// typed page struct, a templ template rendered into a buffer, and the layout. The struct, the function and the template of
// a page share one name and one file name: customer.go and customer.templ have customerPage, showCustomer, customerView.
//
//	type customerPage struct { Customer clientele.Customer; … }
//
//	func (c *Console) showCustomer(r *request) (answer, error) {
//		id, err := r.id("customer")                     // the URL's {customer}; KindNotFound when it is no number
//		if err != nil { return answer{}, err }
//		customer, err := c.customers.FindCustomer(r.Context(), r.Project.ID, id)
//		if err != nil { return answer{}, err }          // an Error of the domain becomes the page of its status
//		return view("Customer 7519", customerView(r, customerPage{…})), nil
//	}
//
//	func (c *Console) saveCustomer(r *request) (answer, error) {
//		… r.PostFormValue("email") …                    // at most maxFormBytes
//		if problems { return view(…the form again…).withStatus(422), nil }
//		if err := r.audit("customer.edit", "customer 7519"); err != nil { return answer{}, err } // first the audit log, then the act
//		…
//		r.flash("The customer was saved.")
//		return seeOther(r.projectURL("/customers/7519")), nil // 303
//	}
//
// Routes are in routes.go, a line each, with the least role that may call them: r.get(pattern, role, show), r.post(pattern,
// role, save), r.stream(pattern, role, f) for what is no page (exports, live numbers). Routes below /p/{project} have r.Project
// set. What is not read by viewers must name another role there: nothing else guards it, and a test over the route table
// tries every route as every role.
//
// What a page needs of a store or a service is an interface beside the page (customerStore in customer.go), part of Store
// or a field of Options; the stores and webhook.Service fit without an adapter. The package imports no store.
//
// # What the templates share
//
// components.templ has what pages are made of: header, card, facts, table (dense, scrolls by itself when narrow), badge, when
// (a time in the project's zone, UTC in its title), pager, empty, field (label, input, hint, error), submit buttons. Icons
// are inline SVG in icons.templ. Styles are static/style.css: custom properties for both colour schemes, few utility classes.
// The content security policy allows no inline script, no style attribute and no event handler attribute: behaviour goes
// into static/console.js, numbers into attributes of SVG elements, <meter> or <progress>.
//
// Lists filter by GET forms whose URL can be shared; hx-get, hx-select="#list" and hx-target="#list" make them smoother. A
// list's links to the next page are keyset links (pager). Text of partners is hostile: it is written with templ's escaping,
// never with templ.Raw, and never into href: an address of theirs is shown as text.
//
// # Lists as files
//
// r.list(pattern, role, show, all) in routes.go is r.get for a list that can be taken along: with ?format=csv or ?format=ndjson
// the route streams all of it instead of a page, notes "export" in the audit log, and keeps spreadsheets from running what a
// partner wrote. all reads the same filters as show and returns exportOf(name, columns, rows); rows goes through the store page
// by page. The page offers it with exports(r) among the header's actions.
//
//	func (c *Console) exportCustomers(r *request) (export, error) {
//		q, err := c.customerSearch(r)
//		if err != nil { return export{}, err }
//		return exportOf("customers", customerColumns, c.eachCustomer(r.Context(), q)), nil
//	}
//
//	var customerColumns = []column[clientele.Customer]{
//		{"id", func(c *clientele.Customer) any { return c.ID }},
//		{"email", func(c *clientele.Customer) any { return c.Email }}, …
//	}
//
// After a change of a .templ file: make generate. Lint makes sure that the generated files are those of the templates.
package console
