"""Branch 5.3.1: syncer interfaces. No implementation: contracts, their data, their errors."""

from __future__ import annotations

from kcpagent.contracts import CTX, Data, Interface, Package, contract_branch
from kcpagent.model import DNS, Field, flag, num, strings, text

TARGET = "*workloadv1alpha1.SyncTarget"


def _time(name: str, doc: str) -> Field:
    return Field(name, "meta.Time", doc)


PACKAGE = Package(
    prefix="Syncer",
    doc="Package syncer holds the contracts of the syncer, which carries objects between workspaces and sync targets.",
    operations=("Connect", "Negotiate", "Push", "Pull", "Report"),
    interfaces=(
        Interface(
            "SyncerConnection",
            "is a live connection to one sync target.",
            {
                "Target() " + TARGET: "is the target on the other side. Callers must not change it.",
                f"Ping({CTX}) (SyncerHeartbeat, error)": "asks for a sign of life. It returns within the deadline of ctx; an error is retryable unless the credential was refused.",
                f"Supports({CTX}, name apiresourcev1alpha1.APIResourceName) (bool, error)": "says whether the target serves a resource now, whatever it served before.",
                "Close() error": "ends the connection. Closing twice is closing once.",
            },
        ),
        Interface(
            "SyncerConnector",
            "makes connections.",
            {
                f"Connect({CTX}, target {TARGET}) (SyncerConnection, error)": "logs in to a target with its credential. The connection lives until it is closed, also beyond ctx.",
                f"Rotate({CTX}, target {TARGET}) error": "replaces the target's credential. The old one works until the new one has been used.",
            },
        ),
        Interface(
            "SyncerNegotiator",
            "brings the schemas of workspace and target together.",
            {
                f"Offer({CTX}, connection SyncerConnection) ([]apiresourcev1alpha1.APIResource, error)": "lists what a target serves, sorted by group and plural.",
                f"Negotiate({CTX}, negotiation *apiresourcev1alpha1.Negotiation, offers []apiresourcev1alpha1.APIResource) error": "fills in the negotiation's status. It is a pure function of its arguments.",
            },
        ),
        Interface(
            "SyncerDownstream",
            "carries what is wanted to a target.",
            {
                f"Push({CTX}, connection SyncerConnection, object SyncerObject) (SyncerReceipt, error)": "makes the object at the target as it is here. Pushing the same object again changes nothing.",
                f"Withdraw({CTX}, connection SyncerConnection, object SyncerObject) error": "removes the object from the target. An object that is not there is no error.",
                f"List({CTX}, connection SyncerConnection, scope SyncerScope) ([]SyncerObject, error)": "gives what this syncer has pushed, never what others made.",
            },
        ),
        Interface(
            "SyncerUpstream",
            "carries what is observed back to the workspace.",
            {
                f"Pull({CTX}, connection SyncerConnection, scope SyncerScope) (<-chan SyncerObject, error)": "streams the status of objects until ctx ends, then closes the channel. A slow reader slows the stream and loses nothing but intermediate states.",
                f"Report({CTX}, object SyncerObject) error": "writes one status into the workspace. An older version than the one written is dropped.",
            },
        ),
        Interface(
            "SyncerTransformer",
            "changes objects on their way.",
            {
                f"Transform({CTX}, target {TARGET}, object SyncerObject) (SyncerObject, error)": "gives the object as the target shall see it, and leaves the one given untouched.",
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
                f"Take({CTX}) (string, error)": "gives the next key and waits for one. No key is given to two workers at a time.",
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

TEST = f"""
// The double of a connection must be usable through the contracts that take one.
func TestSyncerContractsFitTogether(t *testing.T) {{
	target := &workloadv1alpha1.SyncTarget{{}}
	target.Name = "edge-1"
	closed := 0
	connection := doubleSyncerConnection{{
		onTarget: func() *workloadv1alpha1.SyncTarget {{ return target }},
		onPing: func({CTX}) (SyncerHeartbeat, error) {{
			return SyncerHeartbeat{{Target: target.Name, Version: "v0.4.2"}}, nil
		}},
		onClose: func() error {{ closed++; return nil }},
	}}
	var connector SyncerConnector = doubleSyncerConnector{{
		onConnect: func({CTX}, _ *workloadv1alpha1.SyncTarget) (SyncerConnection, error) {{ return connection, nil }},
	}}
	var downstream SyncerDownstream = doubleSyncerDownstream{{
		onPush: func({CTX}, c SyncerConnection, object SyncerObject) (SyncerReceipt, error) {{
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
		onNegotiate: func({CTX}, n *apiresourcev1alpha1.Negotiation, offers []apiresourcev1alpha1.APIResource) error {{
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


BRANCH = contract_branch(
    "5.3.1",
    "Add Syncer interfaces",
    "syncer",
    PACKAGE,
    TEST,
    ("5.1.1", "pkg/apis/workload/v1alpha1", "SyncTarget"),
    ("5.1.2", "pkg/apis/apiresource/v1alpha1", "Negotiation"),
)
