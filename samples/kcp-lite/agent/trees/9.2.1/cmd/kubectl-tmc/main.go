// Command kubectl-tmc shows sync targets and placements of a dump: `kubectl get ... -o json | kubectl tmc targets`.
//
// Owner: OWNER
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
)

const usage = `usage: kubectl tmc VERB < objects.json

  targets     one line for each sync target
  placements  one line for each placement with its decisions
  why NAME    why a sync target takes no new workloads
`

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kubectl-tmc:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	switch {
	case len(args) == 1 && args[0] == "targets":
		return targets(in, out)
	case len(args) == 1 && args[0] == "placements":
		return placements(in, out)
	case len(args) == 2 && args[0] == "why":
		return why(args[1], in, out)
	}
	return fmt.Errorf("did not understand %q\n%s", strings.Join(args, " "), usage)
}

func read(in io.Reader, list any) error {
	if err := json.NewDecoder(in).Decode(list); err != nil {
		return fmt.Errorf("this is no list of objects: %w", err)
	}
	return nil
}

func targets(in io.Reader, out io.Writer) error {
	var list workloadv1alpha1.SyncTargetList
	if err := read(in, &list); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tLOCATION\tPHASE\tCELLS\tFREE PODS")
	for i := range list.Items {
		one := &list.Items[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\n", one.Name, one.Spec.Location, one.Status.Phase, len(one.Spec.Cells), one.Free().Pods)
	}
	return table.Flush()
}

func placements(in io.Reader, out io.Writer) error {
	var list placementv1alpha1.PlacementList
	if err := read(in, &list); err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tPHASE\tLOCATIONS")
	for i := range list.Items {
		one := &list.Items[i]
		decisions := make([]string, len(one.Status.Decisions))
		for j, decision := range one.Status.Decisions {
			decisions[j] = fmt.Sprintf("%s %d%%", decision.Location, decision.Share)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", one.Name, one.Status.Phase, strings.Join(decisions, ", "))
	}
	return table.Flush()
}

func why(name string, in io.Reader, out io.Writer) error {
	var list workloadv1alpha1.SyncTargetList
	if err := read(in, &list); err != nil {
		return err
	}
	for i := range list.Items {
		one := &list.Items[i]
		if one.Name != name {
			continue
		}
		reasons := []string{}
		if one.Spec.Unschedulable {
			reasons = append(reasons, "it is marked as unschedulable")
		}
		if one.Status.Phase != workloadv1alpha1.SyncTargetPhaseReady {
			reasons = append(reasons, "its phase is "+string(one.Status.Phase))
		}
		if one.Free().Pods == 0 {
			reasons = append(reasons, "it has no room for another pod")
		}
		if len(reasons) == 0 {
			reasons = append(reasons, "it takes new workloads")
		}
		_, err := fmt.Fprintf(out, "%s: %s\n", name, strings.Join(reasons, "; "))
		return err
	}
	return fmt.Errorf("there is no sync target %s among the %d given", name, len(list.Items))
}
