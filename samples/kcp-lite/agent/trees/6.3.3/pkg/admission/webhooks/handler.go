package webhooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"example.com/kcp-lite/pkg/apis/meta"
)

// maxBody is the most that a review may weigh, in bytes.
const maxBody = 1 << 20

// Handler answers reviews of every kind that a scheme knows.
type Handler struct {
	scheme *meta.Scheme
}

var _ http.Handler = &Handler{}

// NewHandler gives a handler for the kinds of a scheme.
func NewHandler(scheme *meta.Scheme) *Handler {
	return &Handler{scheme: scheme}
}

// ServeHTTP answers one review. A refusal is an answer, not an HTTP error.
func (h *Handler) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	if in.Method != http.MethodPost {
		http.Error(out, "reviews are posted", http.StatusMethodNotAllowed)
		return
	}
	var review Review
	err := json.NewDecoder(http.MaxBytesReader(out, in.Body, maxBody)).Decode(&review)
	if err != nil || review.Request == nil {
		http.Error(out, "this is no review", http.StatusBadRequest)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	// The client has gone if this fails, and then there is nobody to tell.
	_ = json.NewEncoder(out).Encode(Review{Response: h.Admit(review.Request)})
}

// Admit answers one request.
func (h *Handler) Admit(request *Request) *Response {
	if request.Operation == "DELETE" {
		return &Response{UID: request.UID, Allowed: true}
	}
	group, version, _ := strings.Cut(request.APIVersion, "/")
	gvk := meta.GroupVersionKind{GroupVersion: meta.GroupVersion{Group: group, Version: version}, Kind: request.Kind}
	object, err := h.scheme.New(gvk)
	if err != nil {
		return refuse(request.UID, Cause{Field: "kind", Message: err.Error()})
	}
	decoder := json.NewDecoder(bytes.NewReader(request.Object))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(object); err != nil {
		return refuse(request.UID, Cause{Message: err.Error()})
	}
	before := object.DeepCopyObject()
	setDefaults(object)
	if valid, ok := object.(interface{ Validate() error }); ok {
		if err := valid.Validate(); err != nil {
			return refuse(request.UID, causes(err)...)
		}
	}
	return allow(request.UID, before, object)
}

func causes(err error) []Cause {
	var errs meta.FieldErrors
	if !errors.As(err, &errs) {
		return []Cause{{Message: err.Error()}}
	}
	out := make([]Cause, len(errs))
	for i, one := range errs {
		out[i] = Cause{Field: one.Path, Message: one.Message}
	}
	return out
}

func allow(uid string, before, after meta.Object) *Response {
	old, err := json.Marshal(before)
	if err != nil {
		return refuse(uid, Cause{Message: err.Error()})
	}
	changed, err := json.Marshal(after)
	if err != nil {
		return refuse(uid, Cause{Message: err.Error()})
	}
	if bytes.Equal(old, changed) {
		changed = nil
	}
	return &Response{UID: uid, Allowed: true, Object: changed}
}
