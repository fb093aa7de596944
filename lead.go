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

// Report applies r to the lead by the rules of the stage machine (rulings on the Prime Lead document): stages in order,
// all or nothing. It returns what the lead looks like afterwards. A stage reported again keeps its first date; the
// current stage never goes back; nothing but a repeat of itself follows a cancelled contract.
//
// Errors: KindInvalid on "net_value" when a contract has no net value, stored or stated; KindConflict for a
// cancellation without a contract, and for anything but a repeated cancellation after one.
func (l Lead) Report(r LeadReport) (Lead, error) {
	if l.Stage == StageContractCanceled && !r.repeatsCancellation() {
		return l, Errorf(KindConflict, "the contract of this lead is cancelled")
	}
	canceling := !r.Reached[StageContractCanceled].IsZero()
	hasContract := !l.ReachedAt[StageContract].IsZero() || !r.Reached[StageContract].IsZero()
	if l.NetValue == 0 && r.NetValue == 0 && !r.Reached[StageContract].IsZero() {
		return l, &Error{Kind: KindInvalid, Field: "net_value", Message: "is required with a contract"}
	}
	if canceling && !hasContract {
		return l, Errorf(KindConflict, "this lead has no contract to cancel")
	}
	if l.Stage == StageContractCanceled {
		return l, nil
	}
	for s := StageWideContact; s < NumStages; s++ {
		if r.Reached[s].IsZero() {
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

// repeatsCancellation reports whether r states a cancellation and no other stage. Values sent along are not taken
// any more: the document's values may be corrected until the cancellation only.
func (r *LeadReport) repeatsCancellation() bool {
	for s := StageWideContact; s < StageContractCanceled; s++ {
		if !r.Reached[s].IsZero() {
			return false
		}
	}
	return !r.Reached[StageContractCanceled].IsZero()
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
