package console

import (
	"net/http"

	"clientele"

	"github.com/go-chi/chi/v5"
)

// router adds routes with the least role that may call them. Nothing else guards a route.
type router struct {
	chi.Router
	console *Console
}

func (r router) get(pattern string, needed clientele.Role, show pageFunc) {
	r.Get(pattern, r.console.page(needed, show))
}

func (r router) post(pattern string, needed clientele.Role, save pageFunc) {
	r.Post(pattern, r.console.page(needed, save))
}

// stream adds a GET route of what is no page.
func (r router) stream(pattern string, needed clientele.Role, f func(http.ResponseWriter, *request) error) {
	r.Get(pattern, r.console.stream(needed, f))
}

// The roles, in the words of the table below.
const (
	viewer = clientele.RoleViewer
	editor = clientele.RoleEditor
	owner  = clientele.RoleOwner
)

// Routes adds everything under /console/.
func (c *Console) Routes(mux chi.Router) {
	mux.Route("/console", func(sub chi.Router) {
		sub.Use(headers, endInSlash)
		sub.Get("/static/{name}", c.static.serve)
		sub.Group(func(sub chi.Router) {
			sub.Use(c.crossOrigin.Handler, c.withSession)
			sub.NotFound(c.page(viewer, notFound))
			sub.MethodNotAllowed(c.page(viewer, notFound))
			c.routes(router{sub, c})
		})
	})
}

// endInSlash sends /console to where the console begins.
func endInSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path+"/" == root {
			http.Redirect(w, r, root, http.StatusPermanentRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// routes is the table of the pages.
func (c *Console) routes(r router) {
	r.Get("/login", c.showLogin)
	r.Post("/login", c.saveLogin)
	r.post("/logout", viewer, c.saveLogout)
	r.get("/account/password", viewer, c.showPassword)
	r.post("/account/password", viewer, c.savePassword)

	r.get("/", viewer, c.showOverview)
	r.stream("/live", viewer, c.streamLive)
	r.list("/inbox", viewer, c.showInbox, c.exportInbox)
	r.get("/inbox/{refusal}", viewer, c.showRefusal)
	r.get("/inbox/{refusal}/sent", editor, c.showSent)

	r.list("/p/{project}/customers", viewer, c.showCustomers, c.exportCustomers)
	r.get("/p/{project}/customers/{customer}", viewer, c.showCustomer)
	r.get("/p/{project}/customers/{customer}/edit", editor, c.showCustomerForm)
	r.post("/p/{project}/customers/{customer}/edit", editor, c.saveCustomer)

	r.list("/p/{project}/leads", viewer, c.showLeads, c.exportLeads)
	r.get("/p/{project}/leads/{lead}", viewer, c.showLead)
	r.list("/p/{project}/funnel", viewer, c.showFunnel, c.exportFunnel)

	r.list("/p/{project}/campaigns", viewer, c.showCampaigns, c.exportCampaigns)
	r.post("/p/{project}/campaigns", owner, c.saveCampaign)
	r.get("/p/{project}/campaigns/{campaign}", viewer, c.showCampaign)
	r.post("/p/{project}/campaigns/{campaign}", owner, c.pauseCampaign)

	r.list("/p/{project}/submissions", viewer, c.showSubmissions, c.exportSubmissions)
	r.get("/p/{project}/submissions/{submission}", viewer, c.showSubmission)
	r.post("/p/{project}/submissions/{submission}/resubmit", editor, c.resubmit)

	r.list("/p/{project}/subscriptions", viewer, c.showSubscriptions, c.exportSubscriptions)
	r.post("/p/{project}/subscriptions", owner, c.saveSubscription)
	r.get("/p/{project}/subscriptions/new", owner, c.showNewSubscription)
	r.get("/p/{project}/subscriptions/{subscription}", viewer, c.showSubscription)
	r.post("/p/{project}/subscriptions/{subscription}/test", editor, c.testSubscription)
	r.post("/p/{project}/subscriptions/{subscription}/disable", editor, c.disableSubscription)
	r.post("/p/{project}/subscriptions/{subscription}/enable", editor, c.enableSubscription)
	r.post("/p/{project}/subscriptions/{subscription}/resend-failed", editor, c.resendFailed)
	r.post("/p/{project}/subscriptions/{subscription}/resend-since", editor, c.resendSince)
	r.post("/p/{project}/subscriptions/{subscription}/rotate", owner, c.rotateSubscription)
	r.post("/p/{project}/subscriptions/{subscription}/delete", owner, c.deleteSubscription)

	r.list("/p/{project}/deliveries", viewer, c.showDeliveries, c.exportDeliveries)
	r.get("/p/{project}/deliveries/{delivery}", viewer, c.showDelivery)
	r.post("/p/{project}/deliveries/{delivery}/resend", editor, c.resendDelivery)

	r.list("/projects", viewer, c.showProjects, c.exportProjects)
	r.post("/projects", owner, c.saveProject)

	r.list("/keys", viewer, c.showKeys, c.exportKeys)
	r.post("/keys", owner, c.saveKey)
	r.get("/keys/new", owner, c.showNewKey)
	r.get("/keys/{key}", viewer, c.showKey)
	r.post("/keys/{key}/limits", owner, c.saveKeyLimits)
	r.post("/keys/{key}/rotate", owner, c.saveKeyRotation)
	r.get("/keys/{key}/revoke", owner, c.showKeyRevocation)
	r.post("/keys/{key}/revoke", owner, c.saveKeyRevocation)

	r.list("/publishers", viewer, c.showPublishers, c.exportPublishers)
	r.post("/publishers", owner, c.savePublisher)
	r.get("/publishers/{publisher}", viewer, c.showPublisher)
	r.post("/publishers/{publisher}", owner, c.pausePublisher)

	r.list("/operators", owner, c.showOperators, c.exportOperators)
	r.post("/operators", owner, c.saveOperator)
	r.post("/operators/{operator}", owner, c.changeOperator)
	r.list("/audit", owner, c.showAudit, c.exportAudit)
}

func notFound(*request) (answer, error) {
	return answer{}, clientele.Errorf(clientele.KindNotFound, "The address may be mistyped, or what was there is gone")
}
