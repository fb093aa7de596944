package primelead

import (
	"fmt"

	"clientele"
	"clientele/internal/book"
	"clientele/internal/dialect"
)

// The parameters of a POST in documented order: those that say which action it is about, an update's and then a
// registration's, and those that both have (document, section "API").
const (
	pActionUUID           = "actionUuid"
	pCampaignUUID         = "campaignUuid"
	pActionCreatedAt      = "actionCreatedAt"
	pPublisherUUID        = "publisherUuid"
	pCustomerType         = "customerType"
	pWideContact          = "wideContact"
	pNarrowContact        = "narrowContact"
	pApplication          = "application"
	pContract             = "contract"
	pContractNetValue     = "contractNetValue"
	pContractNominalValue = "contractNominalValue"
	pContractCanceled     = "contractCanceled"
)

var actionParams = []string{
	pActionUUID, pCampaignUUID, pActionCreatedAt, pPublisherUUID, pCustomerType, pWideContact, pNarrowContact,
	pApplication, pContract, pContractNetValue, pContractNominalValue, pContractCanceled,
}

// registrationParams are those that a registration has and an update has not.
var registrationParams = []string{pCampaignUUID, pActionCreatedAt, pPublisherUUID}

// dateParams are the dates of the stages.
var dateParams = [clientele.NumStages]string{
	clientele.StageWideContact:      pWideContact,
	clientele.StageNarrowContact:    pNarrowContact,
	clientele.StageApplication:      pApplication,
	clientele.StageContract:         pContract,
	clientele.StageContractCanceled: pContractCanceled,
}

var actionSpelling = spelling{
	clientele.FieldNetValue: pContractNetValue, "campaign_uuid": pCampaignUUID, "publisher_uuid": pPublisherUUID,
}

// action updates an action of the advertiser's, or registers one.
func (a *API) action(r *dialect.Request) (dialect.Answer, error) {
	sent, err := readForm(r, actionParams)
	if err != nil {
		return dialect.Answer{}, err
	}
	if named := r.Call.Idempotency; named != nil {
		named.BodyHash = sent.hash(actionParams)
	}
	c := newChecker(sent)
	c.now = a.options.Now()
	if c.zone, err = a.leads.Zone(r.Context(), r.Call.ProjectID); err != nil {
		return dialect.Answer{}, err
	}
	if sent.stated(pActionUUID) {
		return a.update(r, c)
	}
	return a.register(r, c)
}

func (a *API) update(r *dialect.Request, c *checker) (dialect.Answer, error) {
	id := c.uuid(pActionUUID)
	for _, name := range registrationParams {
		if c.form.stated(name) {
			c.refuse(name, excess)
		}
	}
	report := c.report()
	if err := c.err(actionParams); err != nil {
		return dialect.Answer{}, err
	}
	result, err := a.leads.Report(r.Context(), r.Call, id, report)
	if err != nil {
		return dialect.Answer{}, inWordsOf(actionSpelling, err)
	}
	return dialect.Answer{Body: success, Result: result}, nil
}

func (a *API) register(r *dialect.Request, c *checker) (dialect.Answer, error) {
	lead := c.registration()
	if err := c.err(actionParams); err != nil {
		return dialect.Answer{}, err
	}
	id, err := a.leads.Register(r.Context(), r.Call, lead)
	if err != nil {
		return dialect.Answer{}, inWordsOf(actionSpelling, err)
	}
	body := fmt.Appendf(nil, `{"success":true,"message":"","errors":[],"actionUuid":"%s"}`, id)
	return dialect.Answer{Body: body, Result: clientele.Created}, nil
}

// registration reads the parameters of a registration. Where none of the three is stated, nothing says that it is one: then
// actionUuid is missing as well.
func (c *checker) registration() book.NewLead {
	missing := 0
	for _, name := range registrationParams {
		if !c.form.stated(name) {
			c.refuse(name, required)
			missing++
		}
	}
	if missing == len(registrationParams) {
		c.refuse(pActionUUID, required)
	}
	n := book.NewLead{
		Link:     book.Link{CampaignUUID: c.uuid(pCampaignUUID), PublisherUUID: c.uuid(pPublisherUUID)},
		ActionAt: c.date(pActionCreatedAt),
		Report:   c.report(),
	}
	// Nothing is stored of a new action, so that its values alone tell whether a contract has one.
	if _, err := (clientele.Lead{}).Report(n.Report); clientele.KindOf(err) == clientele.KindInvalid {
		c.refuse(pContractNetValue, required+" with contract")
	}
	return n
}

// report reads what an update and a registration have in common.
func (c *checker) report() clientele.LeadReport {
	r := clientele.LeadReport{
		CustomerType: c.customerType(pCustomerType),
		NetValue:     c.amount(pContractNetValue),
		NominalValue: c.amount(pContractNominalValue),
	}
	for s := clientele.StageWideContact; s < clientele.NumStages; s++ {
		r.Reached[s] = c.date(dateParams[s])
	}
	return r
}
