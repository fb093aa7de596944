package book

import (
	"regexp"
	"sync/atomic"

	"github.com/nyaruka/phonenumbers"
)

// numberingPlan is what libphonenumber's metadata says about the numbers of one country calling code, its patterns
// compiled once. The library looks every pattern up by its text, for each number, several times; that is where its
// IsValidNumber spends 3 to 17 µs. Used here are the library's own patterns in the order of its own decisions, so both
// give the same answer, and the tests hold that for every calling code.
type numberingPlan struct {
	// prefix matches a national prefix or carrier code that the library would strip or rewrite; nil: there is none.
	prefix  *regexp.Regexp
	regions []planRegion
}

// planRegion is one of the regions that share a calling code, in the library's order, the main region first.
type planRegion struct {
	// leading matches the start of the region's numbers; nil: the region has the numbers that are valid in it.
	leading *regexp.Regexp
	general numberPattern
	kinds   []numberPattern
}

// numberPattern matches a whole national number of one kind (fixed, mobile, toll-free, …).
type numberPattern struct {
	pattern *regexp.Regexp
	// lengths has a bit for each possible number of digits; 0: any.
	lengths uint32
}

// numberingPlans keeps the plans by calling code, 1 to 999, once they were asked for. A plan made twice is the same plan.
var numberingPlans [1000]atomic.Pointer[numberingPlan]

// findNumberingPlan splits digits, a full international number, into calling code and national number and returns the
// former's plan, or nil when no calling code is the start of digits. No code starts with 0 or with another code.
func findNumberingPlan(digits string) (plan *numberingPlan, national string) {
	if digits[0] == '0' {
		return nil, ""
	}
	code := 0
	for i := range 3 {
		code = code*10 + int(digits[i]-'0')
		if plan = numberingPlans[code].Load(); plan != nil {
			return plan, digits[i+1:]
		}
		if regions := phonenumbers.GetRegionCodesForCountryCode(code); len(regions) > 0 {
			plan = newNumberingPlan(code, regions)
			numberingPlans[code].Store(plan)
			return plan, digits[i+1:]
		}
	}
	return nil, ""
}

// newNumberingPlan returns nil when the library has no metadata for one of the regions.
func newNumberingPlan(code int, regions []string) *numberingPlan {
	plan := &numberingPlan{}
	for i, id := range regions {
		metadata := findMetadata(code, id)
		if metadata == nil {
			return nil
		}
		if i == 0 {
			plan.prefix = compileStart(metadata.GetNationalPrefixForParsing())
		}
		plan.regions = append(plan.regions, newPlanRegion(metadata))
	}
	return plan
}

func newPlanRegion(metadata *phonenumbers.PhoneMetadata) planRegion {
	region := planRegion{leading: compileStart(metadata.GetLeadingDigits())}
	if general := newNumberPattern(metadata.GetGeneralDesc()); general != nil {
		region.general = *general
	}
	kinds := []*phonenumbers.PhoneNumberDesc{
		metadata.GetFixedLine(), metadata.GetPremiumRate(), metadata.GetTollFree(), metadata.GetSharedCost(), metadata.GetVoip(),
		metadata.GetPersonalNumber(), metadata.GetPager(), metadata.GetUan(), metadata.GetVoicemail(),
	}
	if !metadata.GetSameMobileAndFixedLinePattern() {
		kinds = append(kinds, metadata.GetMobile())
	}
	for _, kind := range kinds {
		if p := newNumberPattern(kind); p != nil {
			region.kinds = append(region.kinds, *p)
		}
	}
	return region
}

// newNumberPattern returns nil for a kind that the region does not have, which the metadata writes as no text or "NA".
func newNumberPattern(desc *phonenumbers.PhoneNumberDesc) *numberPattern {
	text := desc.GetNationalNumberPattern()
	if text == "" || text == "NA" {
		return nil
	}
	p := &numberPattern{pattern: regexp.MustCompile("^(?:" + text + ")$")}
	for _, length := range desc.GetPossibleLength() {
		p.lengths |= 1 << max(length, 0) // -1 is "none": bit 0 keeps the set from meaning any
	}
	return p
}

// findMetadata returns the metadata of one region; "001" is the region of codes that belong to no country, as +800.
func findMetadata(code int, id string) *phonenumbers.PhoneMetadata {
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil
	}
	for _, metadata := range collection.GetMetadata() {
		if metadata.GetId() == id && int(metadata.GetCountryCode()) == code {
			return metadata
		}
	}
	return nil
}

func compileStart(text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	return regexp.MustCompile("^(?:" + text + ")")
}

// mayHavePrefix reports whether the library would try to strip a national prefix.
func (p *numberingPlan) mayHavePrefix(national string) bool {
	return p.prefix != nil && p.prefix.MatchString(national)
}

// isValid is IsValidNumber: the first region that claims the number decides.
func (p *numberingPlan) isValid(national string) bool {
	for i := range p.regions {
		region := &p.regions[i]
		if len(p.regions) > 1 && region.leading != nil {
			if region.leading.MatchString(national) {
				return region.isValid(national)
			}
		} else if region.isValid(national) {
			return true
		}
	}
	return false
}

func (r *planRegion) isValid(national string) bool {
	if !r.general.matches(national) {
		return false
	}
	for i := range r.kinds {
		if r.kinds[i].matches(national) {
			return true
		}
	}
	return false
}

func (p *numberPattern) matches(national string) bool {
	return p.pattern != nil && (p.lengths == 0 || p.lengths>>len(national)&1 == 1) && p.pattern.MatchString(national)
}
