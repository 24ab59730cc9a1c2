// Package syncer is the virtual workspace that syncers work in: each sees the objects meant for its own target.
//
// Owner: OWNER
package syncer

import (
	"context"
	"errors"
	"sort"
	"strconv"
	"strings"
	"sync"

	"example.com/kcp-lite/pkg/interfaces/virtualworkspace"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

const prefix = "/services/syncer/"

// Group is the group of all syncers; `<Group>:<target>` is that of one target's.
const Group = "system:syncers"

// View is the virtual workspace `syncer`. A workspace of it is a sync target.
type View struct {
	targets    *synctarget.Store
	discoverer virtualworkspace.VirtualWorkspaceDiscoverer
	mutex      sync.RWMutex
	objects    map[string]map[string]virtualworkspace.VirtualWorkspaceObject // by resource, then name
}

var (
	_ virtualworkspace.VirtualWorkspace           = &View{}
	_ virtualworkspace.VirtualWorkspaceResolver   = &View{}
	_ virtualworkspace.VirtualWorkspaceAuthorizer = &View{}
	_ virtualworkspace.VirtualWorkspaceStore      = &View{}
)

// NewView gives a view of the targets in a store. The discoverer may be nil where nobody asks for APIs.
func NewView(targets *synctarget.Store, discoverer virtualworkspace.VirtualWorkspaceDiscoverer) *View {
	return &View{
		targets:    targets,
		discoverer: discoverer,
		objects:    map[string]map[string]virtualworkspace.VirtualWorkspaceObject{},
	}
}

// Name names the view in URLs and logs.
func (v *View) Name() string { return "syncer" }

// Ready is nil once there is a target to serve.
func (v *View) Ready(ctx context.Context) error {
	if len(v.targets.List()) == 0 {
		return fail(virtualworkspace.VirtualWorkspaceOperationServe, v.Name(), true, "no sync target is registered")
	}
	return nil
}

// Resolver finds the workspace of a request.
func (v *View) Resolver() virtualworkspace.VirtualWorkspaceResolver { return v }

// Authorizer says who may do what.
func (v *View) Authorizer() virtualworkspace.VirtualWorkspaceAuthorizer { return v }

// Discoverer knows the APIs; nil when the view was made without one.
func (v *View) Discoverer() virtualworkspace.VirtualWorkspaceDiscoverer { return v.discoverer }

// Store serves the objects.
func (v *View) Store() virtualworkspace.VirtualWorkspaceStore { return v }

// Prefix is the path all workspaces of this view begin with.
func (v *View) Prefix() string { return prefix }

// Resolve splits `/services/syncer/<target>/<rest>`.
func (v *View) Resolve(ctx context.Context, path string) (virtualworkspace.VirtualWorkspaceLocation, error) {
	var location virtualworkspace.VirtualWorkspaceLocation
	if !strings.HasPrefix(path, prefix) {
		return location, fail(virtualworkspace.VirtualWorkspaceOperationResolve, path, false, "not below "+prefix)
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(path, prefix), "/")
	if _, err := v.targets.Get(name); err != nil {
		return location, fail(virtualworkspace.VirtualWorkspaceOperationResolve, path, false, err.Error())
	}
	location = virtualworkspace.VirtualWorkspaceLocation{View: v.Name(), Workspace: name, Rest: "/" + rest}
	return location, location.Validate()
}

// Authorize lets syncers read everything; only the syncer of a target may write `<target>--<name>`.
func (v *View) Authorize(
	ctx context.Context, user virtualworkspace.VirtualWorkspaceUser, request virtualworkspace.VirtualWorkspaceRequest,
) (bool, string, error) {
	owner, _, _ := strings.Cut(request.Name, "--")
	for _, group := range user.Groups {
		switch {
		case group == Group && (request.Verb == "get" || request.Verb == "list" || request.Verb == "watch"):
			return true, "syncers may read", nil
		case group == Group+":"+owner && owner != "":
			return true, "it is the target's own", nil
		}
	}
	return false, user.Name + " is no syncer of " + request.Name, nil
}

// Get gives one object.
func (v *View) Get(ctx context.Context, request virtualworkspace.VirtualWorkspaceRequest) (virtualworkspace.VirtualWorkspaceObject, error) {
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	object, found := v.objects[resource(request)][request.Name]
	if !found {
		return object, fail(virtualworkspace.VirtualWorkspaceOperationServe, request.Name, false, "no such object")
	}
	return copied(object), nil
}

// List gives a page of objects and a token for the next; the request's name is the token.
func (v *View) List(
	ctx context.Context, request virtualworkspace.VirtualWorkspaceRequest,
) ([]virtualworkspace.VirtualWorkspaceObject, string, error) {
	v.mutex.RLock()
	defer v.mutex.RUnlock()
	var page []virtualworkspace.VirtualWorkspaceObject
	for name, object := range v.objects[resource(request)] {
		if name > request.Name {
			page = append(page, copied(object))
		}
	}
	sort.Slice(page, func(i, j int) bool { return page[i].Name < page[j].Name })
	if limit := int(request.Limit); limit > 0 && len(page) > limit {
		return page[:limit], page[limit-1].Name, nil
	}
	return page, "", nil
}

// Update writes one object that nobody has changed since its version; version 0 makes a new one.
func (v *View) Update(
	ctx context.Context, request virtualworkspace.VirtualWorkspaceRequest, object virtualworkspace.VirtualWorkspaceObject,
) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	kind := resource(request)
	if current := v.objects[kind][object.Name].Version; current != object.Version {
		said := "version " + strconv.FormatInt(current, 10) + " is there"
		return fail(virtualworkspace.VirtualWorkspaceOperationServe, object.Name, true, said)
	}
	object = copied(object)
	object.Version++
	if err := object.Validate(); err != nil {
		return err
	}
	if v.objects[kind] == nil {
		v.objects[kind] = map[string]virtualworkspace.VirtualWorkspaceObject{}
	}
	v.objects[kind][object.Name] = object
	return nil
}

// Delete removes one object; one that is not there is no error.
func (v *View) Delete(ctx context.Context, request virtualworkspace.VirtualWorkspaceRequest) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	delete(v.objects[resource(request)], request.Name)
	return nil
}

func resource(request virtualworkspace.VirtualWorkspaceRequest) string {
	return request.Group + "/" + request.Plural
}

func copied(object virtualworkspace.VirtualWorkspaceObject) virtualworkspace.VirtualWorkspaceObject {
	body := make(map[string]string, len(object.Body))
	for path, value := range object.Body {
		body[path] = value
	}
	object.Body = body
	return object
}

func fail(operation virtualworkspace.VirtualWorkspaceOperation, subject string, retryable bool, why string) error {
	return &virtualworkspace.VirtualWorkspaceError{
		Operation: operation, Subject: subject, Retryable: retryable, Cause: errors.New(why),
	}
}
