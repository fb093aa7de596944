package primelead

import (
	"clientele"
	"clientele/internal/dialect"
)

// The parameters of a postback in documented order (document, section "Postback").
const (
	qStatus       = "status"
	qActionUUID   = "action_uuid"
	qCustomerType = "customer_type"
	qNetValue     = "contract_net_value"
	qNominalValue = "contract_nominal_value"
)

var (
	postbackParams   = []string{qStatus, qActionUUID, qCustomerType, qNetValue, qNominalValue}
	postbackQuery    = postbackParams[2:] // the first two stand in the path
	postbackSpelling = spelling{clientele.FieldNetValue: qNetValue}
)

// success is the answer to a report that was taken.
var success = []byte(`{"success":true,"message":"","errors":[]}`)

// postback reports that the action reached a stage just now. Whoever knows the action's UUID may (document, section
// "Postback": it asks for no other identifier).
func (a *API) postback(r *dialect.Request) (dialect.Answer, error) {
	id, stage, report, err := decodePostback(r)
	if err != nil {
		return dialect.Answer{}, err
	}
	reported, err := a.leads.ReportNow(r.Context(), r.Call.Origin, id, stage, report)
	clientele.RequestOf(r.Context()).ProjectID = reported.ProjectID
	if err != nil {
		return dialect.Answer{}, inWordsOf(postbackSpelling, err)
	}
	return dialect.Answer{Body: success, Result: reported.Result}, nil
}

// postbackHead answers whether a postback could be sent, and changes nothing: prefetchers send HEAD.
func (a *API) postbackHead(r *dialect.Request) (dialect.Answer, error) {
	id, _, _, err := decodePostback(r)
	if err != nil {
		return dialect.Answer{}, err
	}
	project, err := a.leads.Find(r.Context(), id)
	clientele.RequestOf(r.Context()).ProjectID = project
	return dialect.Answer{Body: success}, err
}

func decodePostback(r *dialect.Request) (id string, s clientele.Stage, report clientele.LeadReport, err error) {
	query := newReader(postbackQuery)
	query.readPairs(r.URL.RawQuery)
	c := newChecker(query.form)
	s, ok := clientele.ParseStage(pathParam(r.Request, qStatus))
	if !ok {
		c.refuse(qStatus, notStatus)
	}
	if id, ok = parseUUID(pathParam(r.Request, qActionUUID)); !ok {
		c.refuse(qActionUUID, notUUID)
	}
	report.CustomerType = c.customerType(qCustomerType)
	report.NetValue = c.amount(qNetValue)
	report.NominalValue = c.amount(qNominalValue)
	return id, s, report, c.err(postbackParams)
}
