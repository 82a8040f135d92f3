import ArgumentParser
import Reconciler

extension ApplyCommand {
    /// Carries out what was reviewed.
    ///
    /// - Parameter isRehearsal: whether the store is a throw-away one, so that it has to be made what the plan knew.
    func apply(_ saved: SavedPlan, settings: Settings, isRehearsal: Bool) async throws {
        let session = SavedPlanSession(settings: settings)
        let saved = isRehearsal ? try await session.rehearsal(of: saved) : saved
        let text = SavedPlanText(saved: saved, style: common.output)
        try printLine(text.heading)
        try PlanOutput(plan: saved.plan, format: .text, style: common.output).write()
        let outlook = try await session.outlook(of: saved, retryFailed: retryFailed)
        try printLines(text.lines(outlook))
        guard !outlook.rest.isConverged else {
            guard outlook.moved.isEmpty else { throw ExitCode(5) }
            return
        }
        try await approveAndCarryOut(.savedPlan(saved), settings: settings) { SimulatorArguments.inventory(of: saved) }
    }
}

extension ManifestArguments {
    /// The saved plan that is named instead of manifests, if one is.
    /// - Throws: `ValidationError` if it is not named alone, `PlanFileError`
    func savedPlan() throws -> SavedPlan? {
        guard let path = paths.first(where: { PlanFile.isPlan($0) }) else { return nil }
        guard paths.count == 1 else {
            throw ValidationError(
                "`\(path)` is a saved plan, and is applied alone: neither with manifests nor with another plan.")
        }
        guard !strict else {
            throw ValidationError("--strict is for manifests, and `\(path)` is a saved plan.")
        }
        return try PlanFile.read(path)
    }
}
