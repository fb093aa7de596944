package primelead_test

import (
	"context"
	"fmt"
	"time"

	"clientele"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
)

// leadHistory is what the values of a change hold.
type leadHistory struct {
	CampaignID         int64             `json:"campaign_id"`
	PublisherID        int64             `json:"publisher_id"`
	ActionAt           time.Time         `json:"action_at"`
	Stage              string            `json:"stage"`
	WideContactAt      time.Time         `json:"wide_contact_at"`
	NarrowContactAt    time.Time         `json:"narrow_contact_at"`
	ApplicationAt      time.Time         `json:"application_at"`
	ContractAt         time.Time         `json:"contract_at"`
	ContractCanceledAt time.Time         `json:"contract_canceled_at"`
	NetValue           int64             `json:"net_value"`
	NominalValue       int64             `json:"nominal_value"`
	CustomerType       *string           `json:"customer_type"`
	Sub1               *string           `json:"sub1"`
	Sub2               *string           `json:"sub2"`
	Sub3               *string           `json:"sub3"`
	Sub4               *string           `json:"sub4"`
	Sub5               *string           `json:"sub5"`
	Unknown            map[string]string `json:",inline"`
}

// replaysTo reports whether the history of a lead, applied from the beginning, gives the lead as it stands. Its UUID, and the
// visitor's address and user agent, are no history.
func replaysTo(ctx context.Context, store leadStore, l clientele.Lead) error {
	changes, err := store.ListChanges(ctx, l.ProjectID, clientele.SubjectLead, l.ID)
	if err != nil {
		return err
	}
	var h leadHistory
	for i, c := range changes {
		if (c.Action == clientele.ActionCreated) != (i == 0) {
			return fmt.Errorf("change %d is %q", i, c.Action)
		}
		if err := json.Unmarshal(c.Values, &h); err != nil {
			return fmt.Errorf("values of change %d: %w", i, err)
		}
	}
	if len(h.Unknown) > 0 || int64(len(changes)) != l.Version {
		return fmt.Errorf("%d changes of a lead of version %d, with %v", len(changes), l.Version, h.Unknown)
	}
	if diff := cmp.Diff(historyOf(l), h); diff != "" {
		return fmt.Errorf("the history does not replay to the lead (-lead +history):\n%s", diff)
	}
	return nil
}

func historyOf(l clientele.Lead) leadHistory {
	text := func(t clientele.Text) *string {
		if !t.Valid {
			return nil
		}
		return &t.V
	}
	return leadHistory{
		CampaignID: l.CampaignID, PublisherID: l.PublisherID, ActionAt: l.ActionAt, Stage: l.Stage.String(),
		WideContactAt:      l.ReachedAt[clientele.StageWideContact],
		NarrowContactAt:    l.ReachedAt[clientele.StageNarrowContact],
		ApplicationAt:      l.ReachedAt[clientele.StageApplication],
		ContractAt:         l.ReachedAt[clientele.StageContract],
		ContractCanceledAt: l.ReachedAt[clientele.StageContractCanceled],
		NetValue:           int64(l.NetValue), NominalValue: int64(l.NominalValue), CustomerType: text(l.CustomerType),
		Sub1: text(l.Subs[0]), Sub2: text(l.Subs[1]), Sub3: text(l.Subs[2]), Sub4: text(l.Subs[3]), Sub5: text(l.Subs[4]),
	}
}
