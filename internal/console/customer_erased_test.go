package console

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"clientele"
)

// erase forgets a customer, as the command or retention does.
func (f *fixture) erase(t *testing.T, id int64, askedBy string) {
	t.Helper()
	check(t, f.store.EnsureErasureKey(t.Context(), bytes.Repeat([]byte{7}, clientele.ErasureKeyBytes), f.clock.Now()))
	outcomes, err := f.store.Commit(t.Context(), []clientele.Write{{
		ProjectID: f.project.ID, Origin: clientele.Origin{Dialect: clientele.ViaCommand}, At: f.clock.Now(),
		Erase: &clientele.EraseWrite{CustomerID: id, AskedBy: askedBy},
	}})
	check(t, err)
	if outcomes[0].Err != nil || outcomes[0].Result != clientele.Erased {
		t.Fatalf("erase: %+v", outcomes[0])
	}
}

// TestCustomer_Erased: the page of a customer who was erased tells every role since when and why, in the zone of the project, and
// nothing else. Nobody else's page does, nor that of another project.
func TestCustomer_Erased(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		origin := f.partner(t, clientele.OPM, "Kiosk", f.project.ID)
		asked := f.create(t, origin, nil, names("Ada", "Lovelace"))
		old := f.create(t, origin, nil, names("Edsger", "Moss"))
		other, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Other", TimeZone: "UTC", CreatedAt: f.clock.Now()})
		check(t, err)
		f.erase(t, asked.ID, clientele.AskedByCommand)
		f.clock.move(30 * time.Minute)
		f.erase(t, old.ID, clientele.AskedByRetention)
		for _, role := range []clientele.Role{viewer, editor} {
			b := f.as(t, role)
			b.get(f.path("/customers/%d", asked.ID)).want(http.StatusNotFound).
				has("was erased on 22 Nov 2026 11:00:00, on the command line.").lacks("Ada", "Lovelace")
			b.get(f.path("/customers/%d", old.ID)).want(http.StatusNotFound).
				has("was erased on 22 Nov 2026 11:30:00, having been kept for as long as customers are.").lacks("Moss")
			b.get(f.path("/customers/%d", old.ID+1)).want(http.StatusNotFound).lacks("erased")
			b.get(projectURL(other.ID, "/customers/"+number(asked.ID))).want(http.StatusNotFound).lacks("erased")
		}
		f.as(t, owner).get(f.path("/customers/%d/edit", asked.ID)).want(http.StatusNotFound).has("was erased on 22 Nov")
	})
}
