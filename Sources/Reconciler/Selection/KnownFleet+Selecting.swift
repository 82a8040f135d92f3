extension KnownFleet {
    /// The devices that selectors name, by what the state store itself knows: EID, ICCID and account.
    ///
    /// - Parameter accounts: of the same devices.
    /// - Throws: `SelectionError` if a selector names no device, or asks for what only the YAML tells.
    func selecting(
        _ targets: [DeviceSelector], excluding excludes: [DeviceSelector], accounts: KnownAccounts
    ) throws(SelectionError) -> KnownFleet {
        if let selector = (targets + excludes).first(where: { !$0.isKnownToStore }) {
            throw SelectionError(
                "`\(selector)` asks for what only the manifests tell (file, set, label). Name them with --manifests.")
        }
        var rows = DesiredFleet()
        rows.accounts = accounts.names
        rows.devices.reserveCapacity(devices.count)
        for (device, account) in zip(devices, accounts.numbers) {
            // Only the key and the account count here.
            rows.devices.append(
                DesiredDevice(
                    key: device.key, state: .downloadedEnabled, account: account, smsr: 0, set: 0, file: 0, labels: 0,
                    line: 0, column: 0, imeiDigits: .none))
        }
        guard let selection = try rows.selecting(targets, excluding: excludes, keepsCardsWhole: false).selection else {
            return self
        }
        return keeping { selection.contains($0) }
    }

    /// The devices that are known of those that are selected in a fleet.
    func keeping(selectedIn fleet: DesiredFleet) -> KnownFleet {
        var next = 0
        return keeping { number in
            while next < fleet.devices.count, fleet.devices[next].key < devices[number].key { next += 1 }
            return next < fleet.devices.count && fleet.devices[next].key == devices[number].key
                && fleet.selection?.contains(next) ?? true
        }
    }

    /// The same with some of its devices only.
    ///
    /// - Parameter isKept: asked for each device, by its number, in the order of the numbers.
    private func keeping(_ isKept: (Int) -> Bool) -> KnownFleet {
        var kept = KnownFleet()
        kept.serviceStates = serviceStates
        kept.rollouts = rollouts
        kept.pauses = pauses
        kept.heldSets = heldSets
        var doubts = KeyCursor(self.doubts)
        for number in devices.indices where isKept(number) {
            let device = devices[number]
            let operation = operation(of: device)
            kept.devices.append(
                KnownDevice(
                    key: device.key, profileCode: device.profileCode, reachedCode: device.reachedCode,
                    serviceIndex: device.serviceIndex,
                    operationIndex: operation == nil ? -1 : Int32(clamping: kept.operations.count),
                    version: device.version, rollout: device.rollout, run: device.run,
                    provenAtMilliseconds: device.provenAtMilliseconds))
            if let operation { kept.operations.append(operation) }
            if let hint = doubts.row(of: device.key)?.hint {
                kept.doubts.append(DeviceInDoubt(key: device.key, hint: hint))
            }
        }
        return kept
    }
}
