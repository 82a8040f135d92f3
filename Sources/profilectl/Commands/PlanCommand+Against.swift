import ArgumentParser
import Reconciler

extension PlanCommand {
    /// Shows what a change of the manifests means.
    func compare(_ against: String) async throws {
        let session = try RevisionSession(against: against, isStrict: manifests.strict)
        let comparison = try await session.compare(manifests.paths) {
            try await manifests.load(common)
        } take: { loaded, origin in
            try ManifestArguments.check(loaded, common, of: origin)
        }
        if printed.format == .json {
            try StandardOutput.write { output in
                try FleetDifferenceJSON(comparison).write { try output.bytes(VisibleJSON.bytes($0)) }
            }
        } else {
            let text = FleetDifferenceText(
                comparison: comparison, style: common.output, limit: printed.all ? .max : PlanText.page)
            try StandardOutput.write { output in try text.write { try output.line($0) } }
        }
        if detailedExitcode, !comparison.difference.isEmpty { throw ExitCode(2) }
    }
}
