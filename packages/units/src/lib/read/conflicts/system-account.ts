import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { isSystemAccount } from "../../systemd/system-accounts.ts";

/** Reports a name by which a service without `user` would run as an account of the system. */
export function refuseSystemAccount(name: string, problems: UnitProblem[]): void {
  const account = name.replace(/@.*/s, "");
  if (isSystemAccount(account))
    conflictsIn(problems)(
      "name",
      `without user, the service would run as the account ${shown(account)} of the system, with all that this account may do`,
      `choose another name, such as '${account}-app'; or set user`,
    );
}
