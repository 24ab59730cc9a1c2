package endpoints

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"example.com/kcp-lite/pkg/interfaces/virtualworkspace"
	"example.com/kcp-lite/pkg/virtual/syncer"
)

// UserHeader and GroupHeader carry who asks, as the front proxy has found out.
const (
	UserHeader  = "X-Remote-User"
	GroupHeader = "X-Remote-Group"
	maxBody     = 1 << 20
	pageSize    = 500
)

// Handler serves one view: `<prefix><workspace>/<group>/<plural>[/<name>]`.
type Handler struct {
	view virtualworkspace.VirtualWorkspace
}

// List is the answer to a list.
type List struct {
	Items []virtualworkspace.VirtualWorkspaceObject
	// Continue is empty on the last page.
	Continue string
}

var _ http.Handler = &Handler{}

// NewSyncerHandler serves the view of the syncers.
func NewSyncerHandler(view *syncer.View) *Handler { return NewHandler(view) }

// NewHandler serves any view.
func NewHandler(view virtualworkspace.VirtualWorkspace) *Handler { return &Handler{view: view} }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	ctx := in.Context()
	location, err := h.view.Resolver().Resolve(ctx, in.URL.Path)
	if err != nil {
		refuse(out, http.StatusNotFound, err)
		return
	}
	request, ok := parse(in, location.Rest)
	if !ok || request.Validate() != nil {
		refuse(out, http.StatusBadRequest, errors.New("no such request: "+in.Method+" "+location.Rest))
		return
	}
	user := virtualworkspace.VirtualWorkspaceUser{Name: in.Header.Get(UserHeader), Groups: in.Header.Values(GroupHeader)}
	allowed, why, err := h.view.Authorizer().Authorize(ctx, user, request)
	if err != nil || !allowed {
		refuse(out, http.StatusForbidden, errors.New(why))
		return
	}
	if answer, err := h.carryOut(in, out, request); err != nil {
		refuse(out, code(err), err)
	} else {
		out.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(out).Encode(answer) // the client has gone if this fails
	}
}

// parse reads verb and object; a GET without a name is a list.
func parse(in *http.Request, rest string) (virtualworkspace.VirtualWorkspaceRequest, bool) {
	parts := strings.Split(strings.Trim(rest, "/"), "/")
	if len(parts) < 2 || len(parts) > 3 {
		return virtualworkspace.VirtualWorkspaceRequest{}, false
	}
	request := virtualworkspace.VirtualWorkspaceRequest{Group: parts[0], Plural: parts[1], Limit: pageSize}
	if request.Group == "core" {
		request.Group = ""
	}
	named := len(parts) == 3
	if named {
		request.Name = parts[2]
	} else {
		request.Name = in.URL.Query().Get("continue")
	}
	request.Verb = map[string]string{http.MethodGet: "get", http.MethodPut: "update", http.MethodDelete: "delete"}[in.Method]
	if in.Method == http.MethodGet && !named {
		request.Verb = "list"
	}
	return request, named || request.Verb == "list"
}

func (h *Handler) carryOut(in *http.Request, out http.ResponseWriter, request virtualworkspace.VirtualWorkspaceRequest) (any, error) {
	ctx, store := in.Context(), h.view.Store()
	switch request.Verb {
	case "get":
		return store.Get(ctx, request)
	case "list":
		items, next, err := store.List(ctx, request)
		return List{Items: items, Continue: next}, err
	case "delete":
		return struct{}{}, store.Delete(ctx, request)
	}
	var object virtualworkspace.VirtualWorkspaceObject
	if err := json.NewDecoder(http.MaxBytesReader(out, in.Body, maxBody)).Decode(&object); err != nil {
		return nil, err
	}
	object.Name = request.Name
	if err := store.Update(ctx, request, object); err != nil {
		return nil, err
	}
	return store.Get(ctx, request)
}

// code is 409 for what trying again can help, 404 for what is not there, 400 for a request that was wrong.
func code(err error) int {
	var known *virtualworkspace.VirtualWorkspaceError
	switch {
	case virtualworkspace.IsVirtualWorkspaceRetryable(err):
		return http.StatusConflict
	case errors.As(err, &known):
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}

func refuse(out http.ResponseWriter, code int, err error) {
	http.Error(out, err.Error(), code)
}
