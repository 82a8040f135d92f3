import Reconciler

/// What there is to say of a saved plan beside the plan itself, as text.
struct SavedPlanText {
    let saved: SavedPlan
    let style: Style

    var heading: DisplayText {
        style.dim(
            "Saved plan \(saved.checksum.short), made at \(saved.plan.createdAt) by profilectl \(saved.toolVersion) "
                + "for fleet \(saved.fleetDigest.short).")
    }

    /// What has become of it since it was made.
    func lines(_ outlook: SavedPlanSession.Outlook) -> [DisplayText] {
        var lines = MovedDevicesText(devices: outlook.moved, style: style).lines()
        let are: DisplayText = outlook.done == 1 ? "is" : "are"
        let done: DisplayText = "\(outlook.done) of \(counted(saved.plan.actions.count, "action")) of this plan"
        if outlook.rest.isConverged {
            let verdict: DisplayText = "Nothing is left to do."
            lines.append(
                (outlook.moved.isEmpty ? style.green(verdict) : style.yellow(verdict)) + " \(done) \(are) done.")
        } else if outlook.done > 0 {
            lines.append("\(done) \(are) done already.")
        }
        return lines
    }
}

/// Devices of a saved plan that are left alone because they have moved, with the reason, as text.
struct MovedDevicesText {
    let devices: [MovedDevice]
    let style: Style

    private static let listed = 25

    func lines() -> [DisplayText] {
        guard !devices.isEmpty else { return [] }
        var lines = devices.prefix(Self.listed).map { device -> DisplayText in
            "\(style.red(DisplayText("moved").padded(to: 8))) \(device.key)  \(device.action.rawValue) is not carried out. "
                + DisplayText(device.explanation)
        }
        if devices.count > Self.listed {
            lines.append(style.dim("... and \(devices.count - Self.listed) more that have moved."))
        }
        let isOne = devices.count == 1
        lines.append(
            "\(counted(devices.count, "device")) moved since the plan was made and \(isOne ? "is" : "are") left alone. "
                + "Make a new plan for \(isOne ? "it" : "them").")
        return lines
    }
}
