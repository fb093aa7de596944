package clientele

import "time"

// Stage is how far a lead has come. The stages are Prime Lead's statuses in their documented order; StageNone is a lead
// that was only clicked or registered.
type Stage uint8

// The stages.
const (
	StageNone Stage = iota
	StageWideContact
	StageNarrowContact
	StageApplication
	StageContract
	StageContractCanceled

	// NumStages counts the stages, StageNone included: the length of an array indexed by Stage.
	NumStages
)

var stageNames = [NumStages]string{
	"", "wide_contact", "narrow_contact", "application", "contract", "contract_canceled",
}

// String returns the stage as the document spells it; "" for StageNone.
func (s Stage) String() string { return stageNames[s] }

// ParseStage returns the stage of that spelling. It reports false for "" and for any other text.
func ParseStage(name string) (Stage, bool) {
	for s := StageWideContact; s < NumStages; s++ {
		if stageNames[s] == name {
			return s, true
		}
	}
	return StageNone, false
}

// Amount is a sum of money in hundredths of the campaign's currency. 0 means none: a stated value is above 0.
type Amount int64

// Lead is what came of one click or registration: Prime Lead's action.
type Lead struct {
	ID        int64
	ProjectID int64
	// UUID is canonical. Whoever knows it may report on the lead, so it never appears whole in a log.
	UUID        string
	CampaignID  int64
	PublisherID int64
	// Stage is the furthest stage reached. ReachedAt has the first date of each stage, zero where there is none.
	Stage     Stage
	ReachedAt [NumStages]time.Time
	// NetValue and NominalValue are the contract's.
	NetValue     Amount
	NominalValue Amount
	// CustomerType is new, returning or missing.
	CustomerType Text
	// Subs are the publisher's own marks sub1 to sub5, at most 255 characters each.
	Subs [5]Text
	// IP and UserAgent are the visitor's, kept for fraud checks for a limited time.
	IP        Text
	UserAgent Text
	// ActionAt is when the click or, for a registration, the stated action happened.
	ActionAt     time.Time
	Source       Dialect
	CredentialID int64
	Version      int64
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// LeadReport is what one call states about a lead. Zero values state nothing.
type LeadReport struct {
	// Reached has the date of each reported stage; zero where the stage is not reported.
	Reached      [NumStages]time.Time
	NetValue     Amount
	NominalValue Amount
	CustomerType Text
}

// Report applies r to the lead by the rules of the stage machine (rulings on the Prime Lead document): the reported stages
// in their order, all or nothing. It returns what the lead looks like afterwards. A stage reported again keeps its first
// date; the current stage never goes back; nothing but a repeat of what is recorded follows a cancelled contract.
//
// Errors: KindInvalid on "net_value" when a contract has no net value, stored or stated; KindConflict for a
// cancellation without a contract, and for anything but a repeated cancellation after one.
func (l Lead) Report(r LeadReport) (Lead, error) {
	if l.Stage == StageContractCanceled {
		if l.isRepeatedBy(r) {
			return l, nil
		}
		return l, Errorf(KindConflict, "the contract of this lead is cancelled")
	}
	signed := r.states(StageContract)
	if signed && l.NetValue == 0 && r.NetValue == 0 {
		return l, &Error{Kind: KindInvalid, Field: FieldNetValue, Message: "is required with a contract"}
	}
	if r.states(StageContractCanceled) && !signed && l.ReachedAt[StageContract].IsZero() {
		return l, Errorf(KindConflict, "this lead has no contract to cancel")
	}
	for s := StageWideContact; s < NumStages; s++ {
		if !r.states(s) {
			continue
		}
		if l.ReachedAt[s].IsZero() {
			l.ReachedAt[s] = r.Reached[s]
		}
		l.Stage = max(l.Stage, s)
	}
	l.takeValues(r)
	return l, nil
}

// FieldNetValue is the Field of the error that says that a contract has no net value.
const FieldNetValue = "net_value"

// states reports whether r has a date for the stage.
func (r *LeadReport) states(s Stage) bool { return !r.Reached[s].IsZero() }

// isRepeatedBy reports whether r states the cancellation and nothing that is not recorded: a call that is sent again after
// its answer was lost. Another value is no repeat: values may be corrected until the cancellation only.
func (l Lead) isRepeatedBy(r LeadReport) bool {
	for s := StageWideContact; s < NumStages; s++ {
		if r.states(s) && l.ReachedAt[s].IsZero() {
			return false
		}
	}
	after := l
	after.takeValues(r)
	return r.states(StageContractCanceled) && after == l
}

func (l *Lead) takeValues(r LeadReport) {
	if r.NetValue != 0 {
		l.NetValue = r.NetValue
	}
	if r.NominalValue != 0 {
		l.NominalValue = r.NominalValue
	}
	if r.CustomerType.Valid {
		l.CustomerType = r.CustomerType
	}
}

// OutOfOrder returns the stages whose date is before that of an earlier stage. They are kept as they were reported and
// flagged when they are shown (rulings on the Prime Lead document).
func (l *Lead) OutOfOrder() []Stage {
	var list []Stage
	var latest time.Time
	for s := StageWideContact; s < NumStages; s++ {
		switch at := l.ReachedAt[s]; {
		case at.IsZero():
		case at.Before(latest):
			list = append(list, s)
		default:
			latest = at
		}
	}
	return list
}
