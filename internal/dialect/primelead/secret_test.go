package primelead_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestLog_HoldsNoSecret: the UUIDs of an advertiser and of an action let in whoever knows them; neither the log nor the
// metrics hold one whole, whatever becomes of the request, nor what a visitor is known by.
func TestLog_HoldsNoSecret(t *testing.T) {
	onEveryStore(t, func(t *testing.T, w *world) {
		lead, foreign, unknown := w.newLead(t, w.campaign), w.newLead(t, w.foreign), uuid.NewString()
		client, sent := follower(), 0
		send := func(method, path, body string, header ...string) {
			sent++
			w.send(t, client, method, path, body, append(header, "User-Agent", "Visitor/7.7", "Referer", w.url+path)...)
		}
		for _, id := range []string{lead, strings.ToUpper(lead), foreign, unknown, lead + "x", "x" + w.advertiser} {
			for _, status := range []string{"wide_contact", "contract", "contract_canceled", "signed"} {
				for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodDelete} {
					send(method, "/api/v1/postback/"+status+"/"+id+"?customer_type="+id+"&x="+id, "")
					send(method, "/api/v1/postback/"+status+"/"+id, "")
				}
			}
			for _, path := range []string{"/api/v1/" + id, "/api/v1/postback/" + id, "/api/v1/postback/contract/" + id + "/", "/click/" + id, "/click/" + id + "/" + id, "/" + id} {
				send(http.MethodGet, path, "")
			}
			for _, advertiser := range []string{w.advertiser, w.revoked, w.expired, w.foreigner, unknown, "x" + w.advertiser} {
				send(http.MethodPost, "/api/v1/actions/"+advertiser, fmt.Sprintf(`{"actionUuid":%q,"customerType":"new"}`, id))
				send(http.MethodPost, "/api/v1/actions/"+advertiser+"?actionUuid="+id, "")
				send(http.MethodPost, "/api/v1/actions/"+advertiser, fmt.Sprintf(`{"actionUuid":%q,%q`, id, id), "Idempotency-Key", id)
				send(http.MethodPost, "/api/v1/actions/"+advertiser, id, "Content-Type", "text/"+id)
				send(http.MethodPut, "/api/v1/actions/"+advertiser, id)
			}
		}
		send(http.MethodGet, "/click/"+w.campaign.UUID+"/"+w.publisher.UUID+"?sub1=somebody", "")
		log := w.log.String()
		if lines := strings.Count(log, "\n"); lines < sent {
			t.Fatalf("%d lines in the log of %d requests", lines, sent)
		}
		metrics := httptest.NewRecorder()
		w.metrics.Handler().ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		for what, text := range map[string]string{"log": log, "metrics": metrics.Body.String()} {
			for _, secret := range []string{lead, foreign, unknown, w.advertiser, w.foreigner, w.revoked, w.expired, "Visitor/7.7", "somebody", "127.0.0.1"} {
				if i := strings.Index(strings.ToLower(text), strings.ToLower(secret)); i >= 0 {
					t.Errorf("the %s holds %s: …%s…", what, secret, text[max(0, i-200):min(len(text), i+60)])
				}
			}
		}
	})
}
