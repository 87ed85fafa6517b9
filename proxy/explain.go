package proxy

import "net/netip"

// Request is a request that Explain judges without sending anything.
type Request struct {
	URL    string // scheme, host and path with query
	Method string // GET unless said
	From   netip.Addr
}

// Explanation says what would happen to a request, and why.
type Explanation struct {
	Route       *string   `json:"route"` // nil without one
	Reasons     []Reason  `json:"reasons"`
	Guards      []Verdict `json:"guards"`
	Client      string    `json:"client"`
	URL         string    `json:"url"`      // as it would be sent to the upstream
	Upstream    string    `json:"upstream"` // the one that would be chosen
	Certificate string    `json:"certificate"`
	Status      int       `json:"status"` // portico's own answer; 0 when the upstream answers
}

// Reason is one candidate route and why it won or lost.
type Reason struct {
	Route   string `json:"route"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
}

// Verdict is one guard's word.
type Verdict struct {
	Guard   string `json:"guard"`
	Verdict string `json:"verdict"` // pass, refuse
	Why     string `json:"why"`
}
