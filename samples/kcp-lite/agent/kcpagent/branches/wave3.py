"""Wave 3: contracts between components. No implementation: interfaces, their data, their errors."""

from __future__ import annotations

from kcpagent.contracts import Data, Interface, Package, go_files
from kcpagent.model import DNS, Branch, Field, flag, num, strings, text

_CTX = "ctx context.Context"
_TARGET = "*workloadv1alpha1.SyncTarget"


def _time(name: str, doc: str) -> Field:
    return Field(name, "meta.Time", doc)


_SYNCER = Package(
    prefix="Syncer",
    doc="Package syncer holds the contracts of the syncer, which carries objects between workspaces and sync targets.",
    operations=("Connect", "Negotiate", "Push", "Pull", "Report"),
    interfaces=(
        Interface(
            "SyncerConnection",
            "is a live connection to one sync target.",
            {
                "Target() " + _TARGET: "is the target on the other side. Callers must not change it.",
                f"Ping({_CTX}) (SyncerHeartbeat, error)": "asks for a sign of life. It returns within the deadline of ctx; an error is retryable unless the credential was refused.",
                f"Supports({_CTX}, name apiresourcev1alpha1.APIResourceName) (bool, error)": "says whether the target serves a resource now, whatever it served before.",
                "Close() error": "ends the connection. Closing twice is closing once.",
            },
        ),
        Interface(
            "SyncerConnector",
            "makes connections.",
            {
                f"Connect({_CTX}, target {_TARGET}) (SyncerConnection, error)": "logs in to a target with its credential. The connection lives until it is closed, also beyond ctx.",
                f"Rotate({_CTX}, target {_TARGET}) error": "replaces the target's credential. The old one works until the new one has been used.",
            },
        ),
        Interface(
            "SyncerNegotiator",
            "brings the schemas of workspace and target together.",
            {
                f"Offer({_CTX}, connection SyncerConnection) ([]apiresourcev1alpha1.APIResource, error)": "lists what a target serves, sorted by group and plural.",
                f"Negotiate({_CTX}, negotiation *apiresourcev1alpha1.Negotiation, offers []apiresourcev1alpha1.APIResource) error": "fills in the negotiation's status. It is a pure function of its arguments.",
            },
        ),
        Interface(
            "SyncerDownstream",
            "carries what is wanted to a target.",
            {
                f"Push({_CTX}, connection SyncerConnection, object SyncerObject) (SyncerReceipt, error)": "makes the object at the target as it is here. Pushing the same object again changes nothing.",
                f"Withdraw({_CTX}, connection SyncerConnection, object SyncerObject) error": "removes the object from the target. An object that is not there is no error.",
                f"List({_CTX}, connection SyncerConnection, scope SyncerScope) ([]SyncerObject, error)": "gives what this syncer has pushed, never what others made.",
            },
        ),
        Interface(
            "SyncerUpstream",
            "carries what is observed back to the workspace.",
            {
                f"Pull({_CTX}, connection SyncerConnection, scope SyncerScope) (<-chan SyncerObject, error)": "streams the status of objects until ctx ends, then closes the channel. A slow reader slows the stream and loses nothing but intermediate states.",
                f"Report({_CTX}, object SyncerObject) error": "writes one status into the workspace. An older version than the one written is dropped.",
            },
        ),
        Interface(
            "SyncerTransformer",
            "changes objects on their way.",
            {
                f"Transform({_CTX}, target {_TARGET}, object SyncerObject) (SyncerObject, error)": "gives the object as the target shall see it, and leaves the one given untouched.",
                "Name() string": "names the transformer in logs and errors.",
            },
        ),
        Interface(
            "SyncerClock",
            "is the time as tests can set it.",
            {
                "Now() meta.Time": "is the current time in whole seconds.",
            },
        ),
        Interface(
            "SyncerQueue",
            "orders the work of one target.",
            {
                "Add(key string)": "asks for work on a key. Adding a key that waits already changes nothing.",
                f"Take({_CTX}) (string, error)": "gives the next key and waits for one. No key is given to two workers at a time.",
                "Done(key string, err error)": "ends the work on a key. A retryable error brings the key back after a growing delay.",
                "Len() int": "is how many keys wait.",
            },
        ),
    ),
    data=(
        Data(
            "SyncerHeartbeat",
            "is a sign of life.",
            (
                text("Target", "is who gave it.", "edge-1", pattern=DNS),
                _time("Seen", "is when."),
                text("Version", "is the version of the syncer.", "v0.4.2", max=64),
                num("QueueLength", "is how many keys wait.", 0, 0, 1 << 31, "int64"),
            ),
        ),
        Data(
            "SyncerObject",
            "is one object in transit.",
            (
                text("Kind", "is the object's kind.", "Deployment", max=63),
                text("Namespace", "is empty for cluster-scoped objects.", "web", pattern=DNS, optional=True),
                text("Name", "is the object's name.", "front", pattern=DNS),
                num("Version", "rises with every change.", 7, 1, 1 << 40, "int64"),
                Field(
                    "Body",
                    "map[string]string",
                    "is the object, JSON path to value.",
                    'map[string]string{"spec.replicas": "2"}',
                ),
            ),
        ),
        Data(
            "SyncerReceipt",
            "says what a push did.",
            (
                text("Target", "is where it was pushed.", "edge-1", pattern=DNS),
                num("Version", "is what the target has now.", 7, 1, 1 << 40, "int64"),
                flag("Changed", "says whether the target had something else before."),
            ),
        ),
        Data(
            "SyncerScope",
            "chooses among objects.",
            (
                strings("Kinds", "are the kinds.", "Deployment Service", min=1, max=64),
                strings("Namespaces", "are the namespaces; none means all.", "web", max=64),
                num("Limit", "is the most objects at a time.", 500, 1, 10000),
            ),
        ),
        Data(
            "SyncerBackoff",
            "is how the delay between tries grows.",
            (
                num("FirstMillis", "is the first delay in milliseconds.", 100, 1, 60000),
                num("LimitMillis", "is the longest delay in milliseconds.", 30000, 1, 3600000),
                num("Tries", "is how often to try; then the error stands.", 8, 1, 1000),
            ),
        ),
    ),
)
_SYNCER_TEST = f"""
// The double of a connection must be usable through the contracts that take one.
func TestSyncerContractsFitTogether(t *testing.T) {{
	target := &workloadv1alpha1.SyncTarget{{}}
	target.Name = "edge-1"
	closed := 0
	connection := doubleSyncerConnection{{
		onTarget: func() *workloadv1alpha1.SyncTarget {{ return target }},
		onPing: func({_CTX}) (SyncerHeartbeat, error) {{
			return SyncerHeartbeat{{Target: target.Name, Version: "v0.4.2"}}, nil
		}},
		onClose: func() error {{ closed++; return nil }},
	}}
	var connector SyncerConnector = doubleSyncerConnector{{
		onConnect: func({_CTX}, _ *workloadv1alpha1.SyncTarget) (SyncerConnection, error) {{ return connection, nil }},
	}}
	var downstream SyncerDownstream = doubleSyncerDownstream{{
		onPush: func({_CTX}, c SyncerConnection, object SyncerObject) (SyncerReceipt, error) {{
			return SyncerReceipt{{Target: c.Target().Name, Version: object.Version, Changed: true}}, nil
		}},
	}}
	ctx := context.Background()
	opened, err := connector.Connect(ctx, target)
	if err != nil {{
		t.Fatal(err)
	}}
	heartbeat, err := opened.Ping(ctx)
	if err != nil || heartbeat.Validate() != nil {{
		t.Errorf("%+v: %v", heartbeat, err)
	}}
	receipt, err := downstream.Push(ctx, opened, SyncerObject{{Kind: "Deployment", Name: "front", Version: 7}})
	if err != nil || receipt.Target != "edge-1" || receipt.Version != 7 || receipt.Validate() != nil {{
		t.Errorf("%+v: %v", receipt, err)
	}}
	if err := opened.Close(); err != nil || closed != 1 {{
		t.Errorf("closed %d times: %v", closed, err)
	}}
}}

// A negotiation is a pure function over the types of the API group.
func TestSyncerNegotiates(t *testing.T) {{
	var negotiator SyncerNegotiator = doubleSyncerNegotiator{{
		onNegotiate: func({_CTX}, n *apiresourcev1alpha1.Negotiation, offers []apiresourcev1alpha1.APIResource) error {{
			first, second := offers[0].Spec.Versions[0].Fields, offers[1].Spec.Versions[0].Fields
			n.Settle(apiresourcev1alpha1.NegotiateFields(first, second, offers[1].Spec.Target))
			return nil
		}},
	}}
	offer := func(target string, fields ...apiresourcev1alpha1.APIResourceField) apiresourcev1alpha1.APIResource {{
		version := apiresourcev1alpha1.APIResourceVersion{{Name: "v1", Served: true, Fields: fields}}
		spec := apiresourcev1alpha1.APIResourceSpec{{Target: target, Versions: []apiresourcev1alpha1.APIResourceVersion{{version}}}}
		return apiresourcev1alpha1.APIResource{{Spec: spec}}
	}}
	replicas := apiresourcev1alpha1.APIResourceField{{Path: "spec.replicas", Type: "integer"}}
	paused := apiresourcev1alpha1.APIResourceField{{Path: "spec.paused", Type: "boolean"}}
	negotiation := &apiresourcev1alpha1.Negotiation{{}}
	negotiation.Spec.Policy = apiresourcev1alpha1.NegotiationPolicyNarrowToCommon
	offers := []apiresourcev1alpha1.APIResource{{offer("edge-1", replicas, paused), offer("edge-2", replicas)}}
	if err := negotiator.Negotiate(context.Background(), negotiation, offers); err != nil {{
		t.Fatal(err)
	}}
	if negotiation.Status.Verdict != apiresourcev1alpha1.NegotiationVerdictNarrowed || len(negotiation.Status.Differences) != 1 {{
		t.Errorf("%+v", negotiation.Status)
	}}
}}
"""

_PLACEMENT = Package(
    prefix="Placement",
    doc="Package placement holds the contracts of the placement engine, which decides where workloads run.",
    operations=("Collect", "Filter", "Score", "Bind", "Distribute"),
    interfaces=(
        Interface(
            "PlacementInventory",
            "knows the locations there are.",
            {
                f"Candidates({_CTX}) ([]placementv1alpha1.PlacementCandidate, error)": "lists the locations with at least one schedulable target, sorted by name.",
                f"Targets({_CTX}, location string) ([]workloadv1alpha1.SyncTarget, error)": "lists the targets of a location, sorted by name. A location nobody knows has none.",
                f"Load({_CTX}, location string) (PlacementLoad, error)": "is how full a location is; an estimate, at most a minute old.",
            },
        ),
        Interface(
            "PlacementFilter",
            "takes away locations that must not be used.",
            {
                "Name() string": "names the filter in reasons.",
                f"Filter({_CTX}, placement *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate) (bool, string)": "says whether the candidate may stay and, if not, why, in words for people. It must not depend on other candidates.",
            },
        ),
        Interface(
            "PlacementScorer",
            "ranks the locations that are left.",
            {
                "Name() string": "names the scorer in reasons.",
                f"Score({_CTX}, placement *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate) (PlacementScore, error)": "rates one candidate. Equal arguments give equal scores.",
            },
        ),
        Interface(
            "PlacementBinder",
            "writes decisions down.",
            {
                f"Bind({_CTX}, placement *placementv1alpha1.Placement, decisions []placementv1alpha1.PlacementDecision) error": "replaces all decisions of the placement at once. Binding what is bound already changes nothing.",
                f"Release({_CTX}, placement *placementv1alpha1.Placement) error": "takes all decisions back. Workloads stay until others have taken over.",
            },
        ),
        Interface(
            "PlacementDistributor",
            "turns decisions into distributions.",
            {
                f"Distribute({_CTX}, decisions []placementv1alpha1.PlacementDecision, distribution *workloadv1alpha1.Distribution) error": "computes the targets of a distribution. The replicas of all targets together are those that are wanted, unless overridden.",
                f"Settled({_CTX}, distribution *workloadv1alpha1.Distribution) (bool, error)": "says whether every target runs what it should.",
            },
        ),
        Interface(
            "PlacementObserver",
            "hears what the engine does.",
            {
                "Decided(placement *placementv1alpha1.Placement, reasons []PlacementReason)": "is called after every decision, in the order they are made. It must not block.",
                "Failed(placement *placementv1alpha1.Placement, err error)": "is called when no decision could be made.",
            },
        ),
    ),
    data=(
        Data(
            "PlacementLoad",
            "is how full a location is.",
            (
                text("Location", "is the location.", "eu-west", max=63, pattern=DNS),
                num("CPUPercent", "is the processor time promised, in percent.", 40, 0, 1000),
                num("MemoryPercent", "is the memory promised, in percent.", 60, 0, 1000),
            ),
        ),
        Data(
            "PlacementScore",
            "rates one candidate.",
            (
                text("Scorer", "is who rated.", "labels", max=63, pattern=DNS),
                text("Location", "is what was rated.", "eu-west", max=63, pattern=DNS),
                num("Points", "are better when higher.", 70, -10000, 10000),
            ),
        ),
        Data(
            "PlacementReason",
            "says why a location was or was not chosen.",
            (
                text("Location", "is the location.", "eu-west", max=63, pattern=DNS),
                text("By", "is the filter or scorer that decided.", "labels", max=63, pattern=DNS),
                flag("Chosen", "says whether the location was chosen."),
                text("Message", "says why, in words for people.", "best score", max=1024),
            ),
        ),
        Data(
            "PlacementBudget",
            "bounds one decision.",
            (
                num("Candidates", "is the most locations that are looked at.", 256, 1, 10000),
                num("TimeoutMillis", "is the longest a decision may take, in milliseconds.", 500, 1, 60000),
            ),
        ),
    ),
)
_PLACEMENT_TEST = f"""
// Filters and scorers play together through the contracts alone.
func TestPlacementContractsFitTogether(t *testing.T) {{
	ctx := context.Background()
	var inventory PlacementInventory = doublePlacementInventory{{
		onCandidates: func({_CTX}) ([]placementv1alpha1.PlacementCandidate, error) {{
			return []placementv1alpha1.PlacementCandidate{{{{Location: "eu-west"}}, {{Location: "us-east"}}}}, nil
		}},
	}}
	var filter PlacementFilter = doublePlacementFilter{{
		onFilter: func({_CTX}, p *placementv1alpha1.Placement, c placementv1alpha1.PlacementCandidate) (bool, string) {{
			return c.Location != "us-east", "far away"
		}},
	}}
	var left []placementv1alpha1.PlacementCandidate
	candidates, err := inventory.Candidates(ctx)
	if err != nil {{
		t.Fatal(err)
	}}
	placement := &placementv1alpha1.Placement{{}}
	for _, candidate := range candidates {{
		if stays, _ := filter.Filter(ctx, placement, candidate); stays {{
			left = append(left, candidate)
		}}
	}}
	placement.Spec.Locations = 1
	placement.Decide(left)
	if len(placement.Status.Decisions) != 1 || placement.Status.Decisions[0].Location != "eu-west" {{
		t.Errorf("%+v", placement.Status.Decisions)
	}}
}}

// A distributor can be written on the types alone.
func TestPlacementDistributes(t *testing.T) {{
	target := workloadv1alpha1.SyncTarget{{}}
	target.Name, target.Spec.Location, target.Status.Phase = "edge-1", "eu-west", workloadv1alpha1.SyncTargetPhaseReady
	var distributor PlacementDistributor = doublePlacementDistributor{{
		onDistribute: func({_CTX}, decisions []placementv1alpha1.PlacementDecision, d *workloadv1alpha1.Distribution) error {{
			d.Distribute(decisions, []workloadv1alpha1.SyncTarget{{target}})
			return nil
		}},
	}}
	distribution := &workloadv1alpha1.Distribution{{}}
	distribution.Spec.Replicas = 3
	decisions := []placementv1alpha1.PlacementDecision{{{{Location: "eu-west", Share: 100}}}}
	if err := distributor.Distribute(context.Background(), decisions, distribution); err != nil {{
		t.Fatal(err)
	}}
	if got := distribution.Status.Targets; len(got) != 1 || got[0].Replicas != 3 {{
		t.Errorf("%+v", got)
	}}
}}
"""

_VIRTUAL = Package(
    prefix="VirtualWorkspace",
    doc="Package virtualworkspace holds the contracts of virtual workspaces, which show clients a view of many targets.",
    operations=("Resolve", "Authorize", "Discover", "Serve"),
    interfaces=(
        Interface(
            "VirtualWorkspaceResolver",
            "finds the workspace that a request means.",
            {
                f"Resolve({_CTX}, path string) (VirtualWorkspaceLocation, error)": "splits a URL path into workspace and rest. A path of no workspace is an error that is not retryable.",
                "Prefix() string": "is the path all workspaces of this resolver begin with.",
            },
        ),
        Interface(
            "VirtualWorkspaceAuthorizer",
            "says who may do what.",
            {
                f"Authorize({_CTX}, user VirtualWorkspaceUser, request VirtualWorkspaceRequest) (bool, string, error)": "gives a decision with a reason for people. An error is no permission.",
            },
        ),
        Interface(
            "VirtualWorkspaceDiscoverer",
            "knows the APIs of a workspace.",
            {
                f"Discover({_CTX}, location VirtualWorkspaceLocation) (*apiresourcev1alpha1.Discovery, error)": "gives the newest answer. It may be older than the discovery's refresh time when targets are away.",
                f"Watch({_CTX}, location VirtualWorkspaceLocation) (<-chan *apiresourcev1alpha1.Discovery, error)": "streams answers until ctx ends, the newest at once, then closes the channel.",
                f"Invalidate({_CTX}, location VirtualWorkspaceLocation) error": "makes the next Discover look again.",
            },
        ),
        Interface(
            "VirtualWorkspaceStore",
            "serves the objects of a workspace.",
            {
                f"Get({_CTX}, request VirtualWorkspaceRequest) (VirtualWorkspaceObject, error)": "gives one object. An object that is not there is an error that is not retryable.",
                f"List({_CTX}, request VirtualWorkspaceRequest) ([]VirtualWorkspaceObject, string, error)": "gives a page of objects, sorted by name, and a token for the next page, empty on the last.",
                f"Update({_CTX}, request VirtualWorkspaceRequest, object VirtualWorkspaceObject) error": "writes one object. One that changed meanwhile is a retryable error and nothing is written.",
                f"Delete({_CTX}, request VirtualWorkspaceRequest) error": "removes one object. Removing what is not there is no error.",
            },
        ),
        Interface(
            "VirtualWorkspace",
            "is one kind of view.",
            {
                "Name() string": "names the view in URLs and logs.",
                f"Ready({_CTX}) error": "is nil once requests can be served.",
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
_VIRTUAL_TEST = f"""
// A view serves a request through its four parts.
func TestVirtualWorkspaceContractsFitTogether(t *testing.T) {{
	ctx := context.Background()
	var view VirtualWorkspace = doubleVirtualWorkspace{{
		onResolver: func() VirtualWorkspaceResolver {{
			return doubleVirtualWorkspaceResolver{{
				onResolve: func({_CTX}, path string) (VirtualWorkspaceLocation, error) {{
					return VirtualWorkspaceLocation{{View: "syncer", Workspace: "team-a", Rest: path}}, nil
				}},
			}}
		}},
		onDiscoverer: func() VirtualWorkspaceDiscoverer {{
			return doubleVirtualWorkspaceDiscoverer{{
				onDiscover: func({_CTX}, location VirtualWorkspaceLocation) (*apiresourcev1alpha1.Discovery, error) {{
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


def _branch(number: str, subject: str, area: str, package: Package, test: str, *needs: tuple[str, str, str]) -> Branch:
    files = go_files(package, area) | {"together_test.go": test}
    return Branch(id=number, subject=subject, package=f"pkg/interfaces/{area}", area=area, raw=files, needs=needs)


_APIS = "pkg/apis"
BRANCHES = (
    _branch(
        "5.3.1",
        "Add Syncer interfaces",
        "syncer",
        _SYNCER,
        _SYNCER_TEST,
        ("5.1.1", f"{_APIS}/workload/v1alpha1", "SyncTarget"),
        ("5.1.2", f"{_APIS}/apiresource/v1alpha1", "Negotiation"),
    ),
    _branch(
        "5.3.2",
        "Add Placement interfaces",
        "placement",
        _PLACEMENT,
        _PLACEMENT_TEST,
        ("5.1.3", f"{_APIS}/placement/v1alpha1", "Placement"),
        ("5.2.1", f"{_APIS}/workload/v1alpha1", "Distribution"),
    ),
    _branch(
        "5.3.3",
        "Add Virtual Workspace interfaces",
        "virtualworkspace",
        _VIRTUAL,
        _VIRTUAL_TEST,
        ("5.2.4", f"{_APIS}/apiresource/v1alpha1", "Discovery"),
    ),
)
