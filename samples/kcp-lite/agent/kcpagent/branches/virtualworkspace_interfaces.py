"""Branch 5.3.3: virtualworkspace interfaces. No implementation: contracts, their data, their errors."""

from __future__ import annotations

from kcpagent.contracts import CTX, Data, Interface, Package, contract_branch
from kcpagent.model import DNS, Field, num, strings, text

PACKAGE = Package(
    prefix="VirtualWorkspace",
    doc="Package virtualworkspace holds the contracts of virtual workspaces, which show clients a view of many targets.",
    operations=("Resolve", "Authorize", "Discover", "Serve"),
    interfaces=(
        Interface(
            "VirtualWorkspaceResolver",
            "finds the workspace that a request means.",
            {
                f"Resolve({CTX}, path string) (VirtualWorkspaceLocation, error)": "splits a URL path into workspace and rest. A path of no workspace is an error that is not retryable.",
                "Prefix() string": "is the path all workspaces of this resolver begin with.",
            },
        ),
        Interface(
            "VirtualWorkspaceAuthorizer",
            "says who may do what.",
            {
                f"Authorize({CTX}, user VirtualWorkspaceUser, request VirtualWorkspaceRequest) (bool, string, error)": "gives a decision with a reason for people. An error is no permission.",
            },
        ),
        Interface(
            "VirtualWorkspaceDiscoverer",
            "knows the APIs of a workspace.",
            {
                f"Discover({CTX}, location VirtualWorkspaceLocation) (*apiresourcev1alpha1.Discovery, error)": "gives the newest answer. It may be older than the discovery's refresh time when targets are away.",
                f"Watch({CTX}, location VirtualWorkspaceLocation) (<-chan *apiresourcev1alpha1.Discovery, error)": "streams answers until ctx ends, the newest at once, then closes the channel.",
                f"Invalidate({CTX}, location VirtualWorkspaceLocation) error": "makes the next Discover look again.",
            },
        ),
        Interface(
            "VirtualWorkspaceStore",
            "serves the objects of a workspace.",
            {
                f"Get({CTX}, request VirtualWorkspaceRequest) (VirtualWorkspaceObject, error)": "gives one object. An object that is not there is an error that is not retryable.",
                f"List({CTX}, request VirtualWorkspaceRequest) ([]VirtualWorkspaceObject, string, error)": "gives a page of objects, sorted by name, and a token for the next page, empty on the last.",
                f"Update({CTX}, request VirtualWorkspaceRequest, object VirtualWorkspaceObject) error": "writes one object. One that changed meanwhile is a retryable error and nothing is written.",
                f"Delete({CTX}, request VirtualWorkspaceRequest) error": "removes one object. Removing what is not there is no error.",
            },
        ),
        Interface(
            "VirtualWorkspace",
            "is one kind of view.",
            {
                "Name() string": "names the view in URLs and logs.",
                f"Ready({CTX}) error": "is nil once requests can be served.",
                "Resolver() VirtualWorkspaceResolver": "finds the workspace of a request.",
                "Authorizer() VirtualWorkspaceAuthorizer": "says who may do what.",
                "Discoverer() VirtualWorkspaceDiscoverer": "knows the APIs.",
                "Store() VirtualWorkspaceStore": "serves the objects.",
            },
        ),
    ),
    data=(
        Data(
            "VirtualWorkspaceLocation",
            "is one workspace of one view.",
            (
                text("View", "is the name of the view.", "syncer", max=63, pattern=DNS),
                text("Workspace", "is the name of the workspace.", "team-a", pattern=DNS),
                text("Rest", "is the path within the workspace.", "/apis/apps/v1", max=4096, optional=True),
            ),
        ),
        Data(
            "VirtualWorkspaceUser",
            "is who asks.",
            (
                text("Name", "is the user's name.", "ada", max=253),
                strings("Groups", "are the user's groups.", "admins", max=256),
            ),
        ),
        Data(
            "VirtualWorkspaceRequest",
            "is what is asked.",
            (
                text("Verb", "is what to do.", "list", max=16, pattern="^(get|list|watch|create|update|delete)$"),
                text("Group", "is the API group; empty for the core group.", "apps", max=253, optional=True),
                text("Plural", "is the resource.", "deployments", max=63, pattern=DNS),
                text("Name", "is the object; empty for lists.", "web", max=253, optional=True),
                num("Limit", "is the most objects on a page.", 100, 1, 1000),
            ),
        ),
        Data(
            "VirtualWorkspaceObject",
            "is one object as the view shows it.",
            (
                text("Name", "is the object's name.", "web", pattern=DNS),
                num("Version", "rises with every change.", 7, 1, 1 << 40, "int64"),
                Field(
                    "Body",
                    "map[string]string",
                    "is the object, JSON path to value.",
                    'map[string]string{"spec.replicas": "2"}',
                ),
            ),
        ),
    ),
)

TEST = f"""
// A view serves a request through its four parts.
func TestVirtualWorkspaceContractsFitTogether(t *testing.T) {{
	ctx := context.Background()
	var view VirtualWorkspace = doubleVirtualWorkspace{{
		onResolver: func() VirtualWorkspaceResolver {{
			return doubleVirtualWorkspaceResolver{{
				onResolve: func({CTX}, path string) (VirtualWorkspaceLocation, error) {{
					return VirtualWorkspaceLocation{{View: "syncer", Workspace: "team-a", Rest: path}}, nil
				}},
			}}
		}},
		onDiscoverer: func() VirtualWorkspaceDiscoverer {{
			return doubleVirtualWorkspaceDiscoverer{{
				onDiscover: func({CTX}, location VirtualWorkspaceLocation) (*apiresourcev1alpha1.Discovery, error) {{
					discovery := &apiresourcev1alpha1.Discovery{{}}
					discovery.Spec.Subject = location.Workspace
					discovery.Status.Groups = []apiresourcev1alpha1.DiscoveryGroup{{{{
						Name:      "apps",
						Resources: []apiresourcev1alpha1.DiscoveryResource{{{{Plural: "deployments", Kind: "Deployment"}}}},
					}}}}
					return discovery, nil
				}},
			}}
		}},
	}}
	location, err := view.Resolver().Resolve(ctx, "/apis")
	if err != nil || location.Validate() != nil {{
		t.Fatalf("%+v: %v", location, err)
	}}
	discovery, err := view.Discoverer().Discover(ctx, location)
	if err != nil || discovery.Spec.Subject != "team-a" || discovery.Status.Groups[0].Resources[0].Kind != "Deployment" {{
		t.Errorf("%+v: %v", discovery, err)
	}}
}}
"""


BRANCH = contract_branch(
    "5.3.3",
    "Add Virtual Workspace interfaces",
    "virtualworkspace",
    PACKAGE,
    TEST,
    ("5.2.4", "pkg/apis/apiresource/v1alpha1", "Discovery"),
)
