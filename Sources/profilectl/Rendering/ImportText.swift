import Reconciler

/// What an import has written, as text.
struct ImportText {
    let outcome: ImportSession.Outcome
    let style: Style

    /// Why nothing was written.
    func problems() -> [DisplayText] {
        if outcome.report.ending == .interrupted { return [style.yellow("Stopped; nothing was written.")] }
        return outcome.report.accounts.flatMap(\.problems).map { style.red("error: ") + DisplayText($0) }
            + ["Nothing was written: half of an account would look like all of it."]
    }

    func files(_ written: [String]) -> [DisplayText] {
        written.map { "wrote \($0)" }
            + (outcome.documents.count > written.count
                ? ["\(counted(outcome.documents.count - written.count, "file")) as before"] : [])
    }

    func summary() -> [DisplayText] {
        let devices = outcome.documents.reduce(0) { $0 + $1.deviceCount }
        let sets = counted(outcome.documents.count, "profile set")
        return ["Imported \(counted(devices, "device")) in \(sets)."]
            + outcome.leftOut.sorted { $0.key < $1.key }.map {
                "Left out: \(counted($0.value, "device")), because \($0.key)."
            }
    }
}
