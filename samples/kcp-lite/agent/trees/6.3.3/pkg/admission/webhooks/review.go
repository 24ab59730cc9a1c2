package webhooks

import "encoding/json"

// Review is one question and, on the way back, its answer.
type Review struct {
	Request  *Request  `json:"request,omitempty"`
	Response *Response `json:"response,omitempty"`
}

// Request is what somebody wants to write.
type Request struct {
	// UID comes back in the response.
	UID string `json:"uid"`
	// APIVersion and Kind name the type.
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	// Operation is CREATE, UPDATE or DELETE.
	Operation string `json:"operation"`
	// Object is what shall be written.
	Object json.RawMessage `json:"object,omitempty"`
}

// Response is the answer.
type Response struct {
	UID     string `json:"uid"`
	Allowed bool   `json:"allowed"`
	// Causes says for each wrong field what is wrong.
	Causes []Cause `json:"causes,omitempty"`
	// Object is the object with its defaults; only where there were any to fill in.
	Object json.RawMessage `json:"object,omitempty"`
}

// Cause is one reason to refuse.
type Cause struct {
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

func refuse(uid string, causes ...Cause) *Response {
	return &Response{UID: uid, Causes: causes}
}
